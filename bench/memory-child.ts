/** Imports as many generated sshd lines as the argument says, and prints what memory that took. */
import { createWriteStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { openApp } from "../src/app.ts";
import { importFile, localSink } from "../src/commands/import.ts";
import { parseConfig } from "../src/config.ts";
import { createLog } from "../src/log.ts";
import { generateSshd, textOf } from "../test/generate/sshd.ts";
import { seed } from "./seed.ts";

const lines = Number(process.argv[2]);
const directory = await mkdtemp(join(tmpdir(), "vigil-bench-"));
const app = await openApp(parseConfig({ VIGIL_DATA_DIR: directory }), { log: createLog("silent") });
try {
  const file = join(directory, "auth.log");
  await pipeline(
    textOf(generateSshd({ seed: seed(), lines, start: Date.now() - 86_400_000 })),
    createWriteStream(file),
  );
  await importFile(file, "sshd", localSink(app, await app.organizationBySlug("demo")), { now: Date.now() });
  const peakMiB = process.resourceUsage().maxRSS / 1_024;
  (globalThis as { gc?: () => void }).gc?.();
  console.log(JSON.stringify({ peakMiB, heldMiB: process.memoryUsage().heapUsed / 1_048_576 }));
} finally {
  await app.close();
  await rm(directory, { recursive: true, force: true });
}
