// Generates what is not kept in git: the Prisma client, the Pothos types, and the typed GraphQL documents.
// Runs by itself after `npm ci`; plain JavaScript, so that it needs nothing generated.
import { spawnSync } from "node:child_process";
import { chmodSync, rmSync, symlinkSync } from "node:fs";
import { createRequire } from "node:module";
import { delimiter, dirname, join } from "node:path";

const require = createRequire(import.meta.url);
const root = join(import.meta.dirname, "../..");

function run(packageName, bin, args, env = {}) {
  const manifest = require.resolve(`${packageName}/package.json`);
  const path = join(
    dirname(manifest),
    typeof require(manifest).bin === "string" ? require(manifest).bin : require(manifest).bin[bin],
  );
  const { status } = spawnSync(process.execPath, [path, ...args], {
    cwd: root,
    stdio: ["ignore", "ignore", "inherit"],
    env: { ...process.env, PATH: `${commands}${delimiter}${process.env.PATH}`, ...env },
  });
  if (status !== 0) process.exit(status ?? 1);
}

const commands = join(root, "node_modules/.bin");

// npm links the commands of dependencies only; with this, `npx vigil` is this checkout's and never asks a registry.
if (process.platform !== "win32") {
  chmodSync(join(root, "src/vigil.js"), 0o755);
  rmSync(join(commands, "vigil"), { force: true });
  symlinkSync("../../src/vigil.js", join(commands, "vigil"));
}

// Generating needs no schema engine, but Prisma looks for the binary all the same and would try to download it.
run("prisma", "prisma", ["generate"], {
  PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
  PRISMA_HIDE_UPDATE_MESSAGE: "1",
});
run("@graphql-codegen/cli", "graphql-codegen", ["--config", "codegen.ts"]);
await import("./bundle.js");
await import("./dashboard.js");
