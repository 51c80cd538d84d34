// Builds the dashboard into dist/dashboard, each file also packed by brotli and gzip. Runs at the end of `npm ci`, and does
// nothing while its sources are those of the last time. Plain JavaScript, as prepare.js.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, extname, join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const root = join(import.meta.dirname, "../..");
const source = join(root, "src/dashboard");
const out = join(root, "dist/dashboard");
const stamp = join(out, "sources.sha256");
const lock = `${out}.lock`;
const packed = new Set([".js", ".css", ".html", ".svg", ".json"]);

function filesBelow(folder) {
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" }).sort();
  return names.map((name) => join(folder, name)).filter((path) => statSync(path).isFile());
}

function fingerprint() {
  const hash = createHash("sha256");
  for (const path of [
    ...filesBelow(source),
    ...filesBelow(join(root, "src/client")),
    join(root, "package-lock.json"),
    import.meta.filename,
  ]) {
    hash.update(path.slice(root.length)).update("\0").update(readFileSync(path)).update("\0");
  }
  return hash.digest("hex");
}

/** Whether the process that holds the lock is gone: it was killed while it built. */
function isLeft() {
  try {
    const owner = Number(readFileSync(lock, "utf8"));
    return owner > 0 && !process.kill(owner, 0);
  } catch (error) {
    return error.code === "ESRCH";
  }
}

/** One at a time: who builds empties the directory that another one serves. */
async function withLock(work) {
  mkdirSync(dirname(lock), { recursive: true });
  for (;;) {
    try {
      writeFileSync(lock, String(process.pid), { flag: "wx" });
      break;
    } catch (error) {
      if (error.code !== "EEXIST") throw error;
      if (isLeft()) rmSync(lock, { force: true });
      else await setTimeout(100); // ms
    }
  }
  return work().finally(() => rmSync(lock, { force: true }));
}

const now = fingerprint();
const isBuilt = () => existsSync(stamp) && readFileSync(stamp, "utf8") === now;
if (!isBuilt()) await withLock(async () => isBuilt() || buildIt());

async function buildIt() {
  const { build } = await import("vite"); // takes longer to load than it takes to see that there is nothing to do
  process.env.NODE_ENV = "production"; // whoever asks for it: a test's own would make it React for developers
  await build({ configFile: join(source, "vite.config.ts"), logLevel: "warn" });
  for (const path of filesBelow(out)) {
    if (!packed.has(extname(path)) || path.includes(".vite")) continue;
    const content = readFileSync(path);
    const parameters = { [constants.BROTLI_PARAM_QUALITY]: 9, [constants.BROTLI_PARAM_SIZE_HINT]: content.length };
    writeFileSync(`${path}.br`, brotliCompressSync(content, { params: parameters }));
    writeFileSync(`${path}.gz`, gzipSync(content, { level: 9 }));
  }
  writeFileSync(stamp, now);
}
