/**
 * The way of an event: POST /ingest as NDJSON from four senders at once, validated, enriched, judged by rules and all
 * behaviour detectors, stored with what is found, acknowledged; beside a bare COPY of the same rows into an equal table.
 * Once with 300 rules, once with 10.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable, Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import pg from "pg";
import { from as copyFrom, to as copyTo } from "pg-copy-streams";
import { type App, openApp } from "../src/app.ts";
import { parseConfig } from "../src/config.ts";
import { importRules, loadRules } from "../src/detect/store.ts";
import { createLog } from "../src/log.ts";
import { createServer } from "../src/server/server.ts";
import { openClinic } from "./clinic/clinic.ts";
import type { ClinicEvent } from "./clinic/event.ts";
import { compared } from "./compared.ts";
import { generateRules, sigmaOf } from "./generated-rules.ts";
import { postEvents } from "./post-events.ts";
import type { Figure } from "./run.ts";
import { seed } from "./seed.ts";

const senders = 4;
const batchSize = 1_000;
const perRound = 16_000;
const warmUp = 16_000;

/** An organization with so many rules in force. */
async function organizationWith(app: App, slug: string, rules: number): Promise<string> {
  const organizationId = await app.createOrganization(slug, slug);
  await app.db.inOrganization(organizationId, async (tx) => {
    const { rules: shipped } = await loadRules(tx);
    const missing = rules - shipped.length;
    if (missing > 0) {
      const yaml = generateRules(missing, seed()).map(sigmaOf).join("\n---\n");
      await importRules(tx, { yaml, mode: "ACTIVE", dryRun: false, actor: "bench", now: Date.now() });
    } else {
      const kept = shipped
        .filter(({ yaml }) => !/^behaviour:/m.test(yaml))
        .slice(0, rules)
        .map(({ id }) => id);
      await tx.query(
        `UPDATE alert_rules SET mode = 'DISABLED' WHERE organization_id = $1 AND NOT id = ANY ($2) AND kind <> 'BEHAVIOUR'`,
        [organizationId, kept],
      );
      await tx.query("UPDATE organizations SET rules_version = rules_version + 1 WHERE id = $1", [organizationId]);
    }
  });
  return organizationId;
}

async function sendAll(url: string, token: string, events: readonly ClinicEvent[]): Promise<number> {
  const batches = Array.from({ length: Math.ceil(events.length / batchSize) }, (_, n) =>
    events.slice(n * batchSize, (n + 1) * batchSize),
  );
  const began = performance.now();
  await Promise.all(
    Array.from({ length: senders }, async () => {
      for (let batch = batches.shift(); batch; batch = batches.shift()) await postEvents(url, token, batch);
    }),
  );
  return events.length / ((performance.now() - began) / 1_000);
}

/** Copies what one organization has received since into an equal table. */
async function copyRate(owner: pg.Client, organizationId: string, since: Date): Promise<number> {
  const chunks: Buffer[] = [];
  const rows = `SELECT * FROM realtime_monitoring WHERE organization_id = '${organizationId}' AND received_at >= '${since.toISOString()}'`;
  const keep = new Writable({
    write(chunk: Buffer, _encoding, done) {
      chunks.push(chunk);
      done();
    },
  });
  await pipeline(owner.query(copyTo(`COPY (${rows}) TO STDOUT`)), keep);
  await owner.query("CREATE TABLE bare_copy (LIKE realtime_monitoring INCLUDING ALL)");
  const began = performance.now();
  await pipeline(Readable.from(chunks), owner.query(copyFrom("COPY bare_copy FROM STDIN")));
  const seconds = (performance.now() - began) / 1_000;
  const { rows: counted } = await owner.query<{ n: number }>("SELECT count(*)::int AS n FROM bare_copy");
  await owner.query("DROP TABLE bare_copy");
  return (counted[0]?.n ?? 0) / seconds;
}

/** So many events of a clinic, the last of them a minute old. */
export async function clinicEvents(count: number): Promise<ClinicEvent[]> {
  const weeks = Math.ceil(count / 12_000); // each has more
  const clinic = openClinic({ seed: seed(), weeks, staff: 40, learningWeeks: weeks });
  const told: ClinicEvent[] = [];
  for await (const { event } of clinic.events()) {
    told.push(event);
    if (told.length === count) break;
  }
  const later = Date.now() - (told.at(-1)?.time ?? 0) - 60_000;
  return told.map((event) => ({ ...event, time: event.time + later }));
}

export async function ingestBench(): Promise<Figure[]> {
  const rounds = 5;
  const events = await clinicEvents(warmUp + rounds * perRound);
  const directory = await mkdtemp(join(tmpdir(), "vigil-bench-"));
  const app = await openApp(parseConfig({ VIGIL_DATA_DIR: directory }), { log: createLog("silent") });
  const server = createServer(app);
  const owner = new pg.Client({ connectionString: app.embedded?.ownerUrl });
  try {
    await owner.connect();
    const url = await server.listen(0, "127.0.0.1");
    const figures: Figure[] = [];
    for (const rules of [300, 10]) {
      const organizationId = await organizationWith(app, `bench-${rules}`, rules);
      const token = await app.tokens.sign({ organizationId, userId: "cli", name: "bench", role: "ADMIN" }, 36_000);
      const rates = { ours: [] as number[], bare: [] as number[] };
      await sendAll(url, token, events.slice(0, warmUp));
      for (let round = 0; round < rounds; round++) {
        const from = warmUp + round * perRound;
        const since = new Date();
        rates.ours.push(await sendAll(url, token, events.slice(from, from + perRound)));
        rates.bare.push(await copyRate(owner, organizationId, since));
        await owner.query("CHECKPOINT");
      }
      const subject = `events over HTTP with ${rules} rules and all behaviour detectors`;
      const about = { bench: "ingest", subject, baseline: "bare COPY of the same rows", unit: "events/s" };
      figures.push(compared(about, rates.ours, rates.bare));
    }
    return figures;
  } finally {
    await owner.end();
    await server.close();
    await app.close();
    await rm(directory, { recursive: true, force: true });
  }
}
