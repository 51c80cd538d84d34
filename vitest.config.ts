import { defineConfig } from "vitest/config";

export default defineConfig({
  // Node takes graphql's CommonJS build, Vite would take the other one; two copies refuse each other's types.
  resolve: { alias: [{ find: /^graphql$/, replacement: "graphql/index.js" }] },
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: ["test/support/cluster.ts"],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // What is waited for comes when it comes: a machine that is busy with something else is no fault.
    expect: { poll: { timeout: 30_000 } },
    maxWorkers: 2,
    // Modules are loaded once a worker, not once a file: nothing is mocked, and whoever sets a clock sets it right, so files cannot tell.
    isolate: false,
  },
});
