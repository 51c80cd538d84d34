/** Other people's servers, installed for a bench alone: never a dependency of the product. */
import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";

const directory = new URL("../node_modules/.cache/vigil-bench/", import.meta.url);

/** Installs a package of exactly this version where it is missing; throws where it cannot be had. */
export async function installPeer(name: string, version: string): Promise<void> {
  const manifest = new URL(`node_modules/${name}/package.json`, directory);
  if (existsSync(manifest) && JSON.parse(readFileSync(manifest, "utf8")).version === version) return;
  mkdirSync(directory, { recursive: true });
  writeFileSync(new URL("package.json", directory), '{ "private": true }\n');
  const flags = ["--no-audit", "--no-fund", "--ignore-scripts", "--save-exact"];
  await promisify(execFile)("npm", ["install", ...flags, `${name}@${version}`], { cwd: fileURLToPath(directory) });
}

/** A module of what is installed. */
export async function importPeer(specifier: string): Promise<Record<string, unknown>> {
  const resolve = createRequire(new URL("package.json", directory)).resolve;
  return (await import(pathToFileURL(resolve(specifier)).href)) as Record<string, unknown>;
}
