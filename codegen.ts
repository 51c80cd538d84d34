import type { CodegenConfig } from "@graphql-codegen/cli";

const preset = { preset: "client", presetConfig: { fragmentMasking: false } } as const;

/** Typed operations from schema.graphql: those of the dashboard, and those that the tests use as their client. */
const config: CodegenConfig = {
  schema: "./schema.graphql",
  emitLegacyCommonJSImports: false,
  importExtension: ".ts",
  generates: {
    "src/dashboard/generated/": {
      ...preset,
      config: {
        documentMode: "string",
        useTypeImports: true,
        enumsAsTypes: true,
        pureMagicComment: true,
        defaultScalarType: "string",
        scalars: { JSON: "unknown" },
      },
      documents: ["src/dashboard/**/*.graphql"],
    },
    "test/generated/": {
      ...preset,
      config: { documentMode: "string", useTypeImports: true, enumsAsTypes: true },
      documents: ["test/client/operations.ts"],
    },
  },
};

export default config;
