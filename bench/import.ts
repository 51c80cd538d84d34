/** 200,000 sshd lines parsed, detected and stored, beside a bare COPY of the same rows into an equal table. */
import { createReadStream, createWriteStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import pg from "pg";
import { from as copyFrom, to as copyTo } from "pg-copy-streams";
import { openApp } from "../src/app.ts";
import { importFile, localSink } from "../src/commands/import.ts";
import { parseConfig } from "../src/config.ts";
import { createLog } from "../src/log.ts";
import { generateSshd } from "../test/generate/sshd.ts";
import type { Figure } from "./run.ts";

const runs = 3;
const median = (values: number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] as number;

/** The lines, written a thousand at a time. */
function linesOf(lines: Iterable<string>): Readable {
  return Readable.from(
    (function* () {
      let text = "";
      for (const line of lines) {
        text += `${line}\n`;
        if (text.length < 65_536) continue;
        yield text;
        text = "";
      }
      yield text;
    })(),
  );
}

export async function importBench(): Promise<Figure[]> {
  const directory = await mkdtemp(join(tmpdir(), "vigil-bench-"));
  const app = await openApp(parseConfig({ VIGIL_DATA_DIR: directory }), { log: createLog("silent") });
  const owner = new pg.Client({ connectionString: app.embedded?.ownerUrl });
  await owner.connect();
  try {
    const ours: number[] = [];
    const bare: number[] = [];
    const memory: number[] = [];
    for (const lines of [50_000, ...Array<number>(runs).fill(200_000)]) {
      const seed = ours.length + 1;
      const organizationId = await app.createOrganization(`bench-${lines}-${seed}`, "bench");
      const file = join(directory, `auth-${lines}-${seed}.log`);
      await pipeline(linesOf(generateSshd({ seed, lines, start: Date.now() - 86_400_000 })), createWriteStream(file));
      let peak = 0;
      const watch = setInterval(() => {
        peak = Math.max(peak, process.memoryUsage().rss / 1_048_576);
      }, 20);
      const began = performance.now();
      const { accepted } = await importFile(file, "sshd", localSink(app, organizationId), { now: Date.now() });
      const seconds = (performance.now() - began) / 1_000;
      clearInterval(watch);
      memory.push(peak);
      if (lines !== 200_000) continue;
      ours.push(accepted / seconds);
      const copied = `${file}.copy`;
      const rows = `SELECT * FROM realtime_monitoring WHERE organization_id = '${organizationId}'`;
      await pipeline(owner.query(copyTo(`COPY (${rows}) TO STDOUT`)), createWriteStream(copied));
      await owner.query("CREATE TABLE bare_copy (LIKE realtime_monitoring INCLUDING ALL)");
      const copying = performance.now();
      await pipeline(createReadStream(copied), owner.query(copyFrom("COPY bare_copy FROM STDIN")));
      bare.push(accepted / ((performance.now() - copying) / 1_000));
      await owner.query("DROP TABLE bare_copy");
    }
    const [subjectValue, baselineValue] = [median(ours), median(bare)];
    const [small, ...large] = memory as [number, ...number[]];
    return [
      {
        bench: "import",
        subject: "events imported",
        baseline: "bare COPY",
        ratio: subjectValue / baselineValue,
        subjectValue,
        baselineValue,
        unit: "rows/s",
        runs,
      },
      {
        bench: "import",
        subject: "peak memory, 200,000 lines",
        baseline: "50,000 lines",
        ratio: median(large) / small,
        subjectValue: median(large),
        baselineValue: small,
        unit: "MiB",
        runs,
      },
    ];
  } finally {
    await owner.end();
    await app.close();
    await rm(directory, { recursive: true, force: true });
  }
}
