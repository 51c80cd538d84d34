#!/usr/bin/env node
// The `vigil` command. It runs the bundle that `npm ci` made (src/bundle.js); where a source was changed since, it runs
// the sources, by tsx, since Node 20 does not run TypeScript by itself.
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { bundleIsCurrent } from "./bundled.js";

const root = join(import.meta.dirname, "..");
const bundle = join(root, "dist/vigil");

if (bundleIsCurrent(root, bundle)) {
  // For the stacks in a log that is kept. Reading the maps is a fifth of what a short command takes, and it says a fault in one line.
  if (["start", "worker"].includes(process.argv[2] ?? "")) process.setSourceMapsEnabled(true);
  await import(pathToFileURL(join(bundle, "cli.js")).href);
} else {
  const { register } = await import("tsx/esm/api");
  register();
  await import("./cli.ts");
}
