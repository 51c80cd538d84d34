/** 200,000 sshd lines parsed, detected and stored, beside a bare COPY of the same rows into an equal table. */
import { createReadStream, createWriteStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import pg from "pg";
import { from as copyFrom, to as copyTo } from "pg-copy-streams";
import { openApp } from "../src/app.ts";
import { importFile, localSink } from "../src/commands/import.ts";
import { parseConfig } from "../src/config.ts";
import { createLog } from "../src/log.ts";
import { generateSshd, textOf } from "../test/generate/sshd.ts";
import { compared } from "./compared.ts";
import type { Figure } from "./run.ts";

const runs = 5;
const lines = 200_000;

export async function importBench(): Promise<Figure[]> {
  const directory = await mkdtemp(join(tmpdir(), "vigil-bench-"));
  const app = await openApp(parseConfig({ VIGIL_DATA_DIR: directory }), { log: createLog("silent") });
  const owner = new pg.Client({ connectionString: app.embedded?.ownerUrl });
  await owner.connect();
  try {
    const ours: number[] = [];
    const bare: number[] = [];
    for (let seed = 1; seed <= runs; seed++) {
      const organizationId = await app.createOrganization(`bench-${seed}`, "bench");
      const file = join(directory, `auth-${seed}.log`);
      await pipeline(textOf(generateSshd({ seed, lines, start: Date.now() - 86_400_000 })), createWriteStream(file));
      const began = performance.now();
      const { accepted } = await importFile(file, "sshd", localSink(app, organizationId), { now: Date.now() });
      const seconds = (performance.now() - began) / 1_000;
      ours.push(accepted / seconds);
      const copied = `${file}.copy`;
      const rows = `SELECT * FROM realtime_monitoring WHERE organization_id = '${organizationId}'`;
      await pipeline(owner.query(copyTo(`COPY (${rows}) TO STDOUT`)), createWriteStream(copied));
      await owner.query("CREATE TABLE bare_copy (LIKE realtime_monitoring INCLUDING ALL)");
      const copying = performance.now();
      await pipeline(createReadStream(copied), owner.query(copyFrom("COPY bare_copy FROM STDIN")));
      bare.push(accepted / ((performance.now() - copying) / 1_000));
      await owner.query("DROP TABLE bare_copy");
      await owner.query("TRUNCATE realtime_monitoring, event_keys");
      await owner.query("CHECKPOINT").catch(() => undefined); // the owner may not everywhere
    }
    return [
      compared({ bench: "import", subject: "events imported", baseline: "bare COPY", unit: "rows/s" }, ours, bare),
    ];
  } finally {
    await owner.end();
    await app.close();
    await rm(directory, { recursive: true, force: true });
  }
}
