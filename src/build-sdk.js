// Builds `vigil/sdk` into dist/sdk: ESM, CommonJS, types, and a package.json of its own, so that an application installs
// the SDK alone (`npm install /path/to/dist/sdk`), without the server and its dependencies. Plain JavaScript, as prepare.js.
import { spawnSync } from "node:child_process";
import { copyFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { build } from "esbuild";

const root = join(import.meta.dirname, "..");
const out = process.argv[2] ?? join(root, "dist/sdk");
const { version, license, engines, exports } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));

rmSync(out, { recursive: true, force: true });
for (const [folder, format, type] of [
  ["esm", "esm", "module"],
  ["cjs", "cjs", "commonjs"],
]) {
  await build({
    entryPoints: [join(root, "src/sdk/index.ts")],
    outfile: join(out, folder, "index.js"),
    bundle: true,
    platform: "node",
    target: "node20.19",
    format,
  });
  writeFileSync(join(out, folder, "package.json"), `${JSON.stringify({ type })}\n`);
}

const tsc = join(dirname(createRequire(import.meta.url).resolve("typescript/package.json")), "bin/tsc");
const types = join(out, "types");
const flags = ["--noEmit", "false", "--declaration", "--emitDeclarationOnly", "--stripInternal", "--outDir", types];
const { status } = spawnSync(process.execPath, [tsc, "-p", join(root, "src/sdk/tsconfig.json"), ...flags], {
  stdio: "inherit",
});
if (status !== 0) process.exit(status ?? 1);
for (const file of readdirSync(types)) {
  const text = readFileSync(join(types, file), "utf8").replaceAll(/(from "\.\/[\w-]+)\.ts"/g, '$1.js"');
  for (const folder of ["esm", "cjs"]) writeFileSync(join(out, folder, file), text);
}
rmSync(types, { recursive: true });

const inside = JSON.parse(JSON.stringify(exports).replaceAll("./dist/sdk/", "./"));
const manifest = { name: "vigil", version, license, engines, type: "module", exports: inside };
writeFileSync(join(out, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`);
copyFileSync(join(root, "CHANGELOG.md"), join(out, "CHANGELOG.md"));
