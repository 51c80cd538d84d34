// Builds `vigil/sdk`, `vigil/client` and `vigil/client/react` into dist/sdk: ESM, CommonJS, types, and a package.json of
// its own, so that an application installs them alone (`npm install /path/to/dist/sdk`), without the server and its
// dependencies. Plain JavaScript, as prepare.js.
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { build } from "esbuild";

const root = join(import.meta.dirname, "../..");
const out = process.argv[2] ?? join(root, "dist/sdk");
const { version, license, engines, exports } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));

rmSync(out, { recursive: true, force: true });
const formats = [
  ["esm", "esm", "module"],
  ["cjs", "cjs", "commonjs"],
];
for (const [folder, format, type] of formats) {
  const shared = { bundle: true, format, minifySyntax: true };
  await build({
    ...shared,
    entryPoints: [join(root, "src/sdk/index.ts")],
    outfile: join(out, folder, "index.js"),
    platform: "node",
    target: "node20.19",
  });
  await build({
    ...shared,
    entryPoints: ["index", "react"].map((name) => join(root, `src/client/${name}.ts`)),
    outdir: join(out, folder, "client"),
    platform: "neutral", // nothing of Node's: browsers load it as it is
    mainFields: ["module", "main"],
    target: "es2022",
    external: ["react"],
    alias: { "graphql/language/printer.js": "graphql/language/printer.mjs" }, // of which only what is used comes along
  });
  writeFileSync(join(out, folder, "package.json"), `${JSON.stringify({ type })}\n`);
}

const tsc = join(dirname(createRequire(import.meta.url).resolve("typescript/package.json")), "bin/tsc");
for (const [room, place] of [
  ["sdk", "."],
  ["client", "client"],
]) {
  const types = join(out, "types");
  const flags = ["--noEmit", "false", "--declaration", "--emitDeclarationOnly", "--stripInternal", "--outDir", types];
  const project = join(root, `src/${room}/tsconfig.json`);
  const { status } = spawnSync(process.execPath, [tsc, "-p", project, ...flags], { stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
  for (const file of readdirSync(types)) {
    const text = readFileSync(join(types, file), "utf8").replaceAll(/(from "\.\/[\w-]+)\.ts"/g, '$1.js"');
    for (const [folder] of formats) {
      mkdirSync(join(out, folder, place), { recursive: true });
      writeFileSync(join(out, folder, place, file), text);
    }
  }
  rmSync(types, { recursive: true });
}

const inside = JSON.parse(JSON.stringify(exports).replaceAll("./dist/sdk/", "./"));
const react = { peerDependencies: { react: ">=18" }, peerDependenciesMeta: { react: { optional: true } } };
const manifest = { name: "vigil", version, license, engines, type: "module", exports: inside, ...react };
writeFileSync(join(out, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`);
copyFileSync(join(root, "CHANGELOG.md"), join(out, "CHANGELOG.md"));
