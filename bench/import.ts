/**
 * sshd lines parsed, detected and stored, beside a bare COPY of the same rows into an equal table, beside fail2ban-regex,
 * which only parses the same file, and beside CrowdSec, which parses and detects in the beginning of it.
 */
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
import { crowdsec, fail2ban } from "./import-peers.ts";
import type { Figure } from "./run.ts";
import { seed } from "./seed.ts";

const runs = 5;
const lines = 60_000;
const fewLines = 10_000; // for CrowdSec, which takes some seconds for these
const age = 30 * 86_400_000; // of the first line: the last one, days later, must be past

export async function importBench(): Promise<Figure[]> {
  const directory = await mkdtemp(join(tmpdir(), "vigil-bench-"));
  const app = await openApp(parseConfig({ VIGIL_DATA_DIR: directory }), { log: createLog("silent") });
  const owner = new pg.Client({ connectionString: app.embedded?.ownerUrl });
  await owner.connect();
  try {
    const [parser, detector] = [fail2ban(), await crowdsec(directory)];
    const [rows, bare]: [number[], number[]] = [[], []];
    const [ours, parsed, detected]: [number[], number[], number[]] = [[], [], []];
    for (let run = 0; run < runs; run++) {
      const organizationId = await app.createOrganization(`bench-${run}`, "bench");
      const [file, beginning] = [join(directory, `auth-${run}.log`), join(directory, `auth-${run}-few.log`)];
      const log = { seed: seed() + run, start: Date.now() - age };
      await pipeline(textOf(generateSshd({ ...log, lines })), createWriteStream(file));
      await pipeline(textOf(generateSshd({ ...log, lines: fewLines })), createWriteStream(beginning));
      const began = performance.now();
      const { accepted } = await importFile(file, "sshd", localSink(app, organizationId), { now: Date.now() });
      const seconds = (performance.now() - began) / 1_000;
      rows.push(accepted / seconds);
      ours.push(lines / seconds);
      await foundGuessing(owner, organizationId);
      bare.push(accepted / (await copySeconds(owner, organizationId, `${file}.copy`)));
      await owner.query("TRUNCATE realtime_monitoring, event_keys");
      await owner.query("CHECKPOINT").catch(() => undefined); // the owner may not everywhere
      if (parser) parsed.push(await parser(file));
      if (detector) detected.push(await detector(beginning));
    }
    const of = { bench: "import", subject: "lines parsed, judged and stored", unit: "lines/s" };
    const figures = [
      compared({ ...of, subject: "events imported", baseline: "bare COPY", unit: "rows/s" }, rows, bare),
    ];
    if (parser) figures.push(compared({ ...of, baseline: "fail2ban-regex, which only parses" }, ours, parsed));
    const baseline = `CrowdSec, on the first ${fewLines} of the ${lines} lines`;
    if (detector) figures.push(compared({ ...of, baseline }, ours, detected));
    return figures;
  } finally {
    await owner.end();
    await app.close();
    await rm(directory, { recursive: true, force: true });
  }
}

/** Throws where no incident came of the passwords that are guessed in the file. */
async function foundGuessing(owner: pg.Client, organizationId: string): Promise<void> {
  const incidents = "SELECT count(*)::int AS found FROM security_incidents WHERE organization_id = $1";
  const { rows } = await owner.query<{ found: number }>(incidents, [organizationId]);
  if (!rows[0]?.found) throw new Error("the import found no incident");
}

/** How long a COPY of an organization's events takes into a table like theirs. */
async function copySeconds(owner: pg.Client, organizationId: string, file: string): Promise<number> {
  const rows = `SELECT * FROM realtime_monitoring WHERE organization_id = '${organizationId}'`;
  await pipeline(owner.query(copyTo(`COPY (${rows}) TO STDOUT`)), createWriteStream(file));
  await owner.query("CREATE TABLE bare_copy (LIKE realtime_monitoring INCLUDING ALL)");
  const began = performance.now();
  await pipeline(createReadStream(file), owner.query(copyFrom("COPY bare_copy FROM STDIN")));
  const seconds = (performance.now() - began) / 1_000;
  await owner.query("DROP TABLE bare_copy");
  return seconds;
}
