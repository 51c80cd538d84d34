#!/usr/bin/env node
// The `vigil` command. It runs the bundle that `npm ci` made (src/build/bundle.js); where a source was changed since, it runs
// the sources, by tsx, since Node 20 does not run TypeScript by itself.
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { bundleIsCurrent } from "./build/bundled.js";

const root = join(import.meta.dirname, "..");
const bundle = join(root, "dist/vigil");

if (bundleIsCurrent(root, bundle)) {
  // Stacks name functions as the sources do. Maps of lines (NODE_OPTIONS=--enable-source-maps) are not read unasked: the first
  // error would stop the process for the time that it takes to read them, and keep 100 MB.
  await import(pathToFileURL(join(bundle, "cli.js")).href);
} else {
  const { register } = await import("tsx/esm/api");
  register();
  await import("./cli.ts");
}
