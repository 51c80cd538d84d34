import type { CodegenConfig } from "@graphql-codegen/cli";

const preset = {
  preset: "client",
  presetConfig: { fragmentMasking: false },
  config: { documentMode: "string", useTypeImports: true, enumsAsTypes: true },
} as const;

/** Typed operations from schema.graphql: for the tests and for the dashboard. */
const config: CodegenConfig = {
  schema: "./schema.graphql",
  ignoreNoDocuments: true,
  emitLegacyCommonJSImports: false,
  importExtension: ".ts",
  generates: {
    "test/generated/": { ...preset, documents: ["test/client/operations.ts"] },
    "src/dashboard/generated/": { ...preset, documents: ["src/dashboard/**/*.{ts,tsx}", "!src/dashboard/generated/**"] },
  },
};

export default config;
