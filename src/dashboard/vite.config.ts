import { join } from "node:path";
import { defineConfig } from "vite";

const root = join(import.meta.dirname, "../..");

const libraries =
  /\/node_modules\/(?:graphql|graphql-ws|react|react-dom|regexparam|scheduler|use-sync-external-store|wouter)\//;
const parts =
  /\/src\/(?:client|dashboard\/(?:data|generated|parts|styles))\/|\/dashboard\/(?:api|words|session\/viewer|shell\/theme|words\/(?:alerts|counted|incident|status))\.ts$/;
const overview = /\/dashboard\/(?:pages\/overview|widgets)\/|\/dashboard\/words\/overview\.ts$/;
const seldom = /\/(?:chart|edit-board|hours|markdown|performance|text|top-list|world-map)\.tsx$/;

/**
 * What is always needed together comes in one file, or a first visit waits for fifty small ones, six at a time: libraries,
 * the parts that pages are made of, and the overview with the widgets it begins with. Each imports only those before it.
 */
const groups = Object.entries({ libraries, parts, overview }).map(([name, ids]) => ({
  name,
  test: (id: string) => ids.test(id) && !seldom.test(id),
}));

/** The dashboard: `src/build/dashboard.js` builds it; `npx vite src/dashboard` serves it beside a server on port 4000. */
export default defineConfig({
  root: import.meta.dirname,
  base: "/",
  oxc: { jsx: { importSource: join(import.meta.dirname, "parts"), development: false } }, // its jsx-runtime.ts
  build: {
    outDir: join(root, "dist/dashboard"),
    emptyOutDir: true,
    manifest: true,
    target: "es2022",
    assetsInlineLimit: 0, // the content policy allows no data: scripts or styles, and one icon is no reason to
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rolldownOptions: { output: { codeSplitting: { includeDependenciesRecursively: false, groups } } },
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
