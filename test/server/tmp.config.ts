import { defineConfig } from "vitest/config";
export default defineConfig({
  root: "/work/main",
  resolve: { alias: [{ find: /^graphql$/, replacement: "/work/main/node_modules/graphql/index.js" }] },
  test: { include: ["test/**/*.test.ts"], globalSetup: ["test/support/cluster.ts"], testTimeout: 30000, maxWorkers: 2 },
});
