import { join } from "node:path";
import { defineConfig } from "vite";

const root = join(import.meta.dirname, "../..");

/** The dashboard: `src/build-dashboard.js` builds it; `npx vite src/dashboard` serves it beside a server on port 4000. */
export default defineConfig({
  root: import.meta.dirname,
  base: "/",
  build: {
    outDir: join(root, "dist/dashboard"),
    emptyOutDir: true,
    manifest: true,
    target: "es2022",
    assetsInlineLimit: 0, // the content policy allows no data: scripts or styles, and one icon is no reason to
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  server: {
    proxy: Object.fromEntries(
      ["/graphql", "/sign-in", "/sign-out", "/audit/export"].map((path) => [
        path,
        { target: "http://localhost:4000", ws: path === "/graphql" },
      ]),
    ),
  },
});
