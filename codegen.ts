import type { CodegenConfig } from "@graphql-codegen/cli";

/** Typed operations from schema.graphql, which the tests use as their client. */
const config: CodegenConfig = {
  schema: "./schema.graphql",
  emitLegacyCommonJSImports: false,
  importExtension: ".ts",
  generates: {
    "test/generated/": {
      preset: "client",
      presetConfig: { fragmentMasking: false },
      config: { documentMode: "string", useTypeImports: true, enumsAsTypes: true },
      documents: ["test/client/operations.ts"],
    },
  },
};

export default config;
