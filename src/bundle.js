// Bundles the command line, the server and the worker into dist/vigil: a start then reads a handful of files instead of
// compiling six hundred. Runs at the end of `npm ci`; plain JavaScript, as prepare.js. Packages stay outside.
import { readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { build } from "esbuild";

const root = join(import.meta.dirname, "..");
const out = join(root, "dist/vigil");

/** A module goes on finding what lies beside its source: rules, migrations, package.json. */
const whereSourcesAre = {
  name: "where-sources-are",
  setup: ({ onLoad }) =>
    onLoad({ filter: /\/src\/.*\.ts$/ }, ({ path }) => {
      const text = readFileSync(path, "utf8");
      if (!text.includes("import.meta")) return undefined;
      const url = `new URL(${JSON.stringify(relative(out, path))}, import.meta.url)`;
      const folder = `__pathOf(new URL(${JSON.stringify(relative(out, dirname(path)))}, import.meta.url))`;
      const contents = text.replaceAll(/import\.meta\.(dirname|url)/g, (_, what) =>
        what === "url" ? `${url}.href` : folder,
      );
      return { contents: `import { fileURLToPath as __pathOf } from "node:url";${contents}`, loader: "ts" };
    }),
};

rmSync(out, { recursive: true, force: true });
const { metafile } = await build({
  absWorkingDir: root,
  entryPoints: ["src/cli.ts"],
  outdir: out,
  bundle: true,
  splitting: true,
  packages: "external",
  platform: "node",
  target: "node20.19",
  format: "esm",
  sourcemap: true,
  sourcesContent: false,
  metafile: true,
  plugins: [whereSourcesAre],
});

// What it was made of. `vigil` runs the bundle only while every source is still that.
const sources = Object.keys(metafile.inputs).map((path) => {
  const { mtimeMs, size } = statSync(join(root, path));
  return [path, mtimeMs, size];
});
writeFileSync(join(out, "sources.json"), JSON.stringify(sources));
