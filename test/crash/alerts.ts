/**
 * `npm run test:crash:alerts -- [--alerts 10000] [--seed 1]` (ACCEPTANCE N12): three senders of the same alerts, one of which
 * is killed again and again while they send. None is missed, and whatever comes twice has one id.
 */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { parseArgs } from "node:util";
import pg from "pg";
import { v7 as uuidv7 } from "uuid";
import { migrate } from "../../src/database/migrate.ts";
import { createOrganization } from "../../src/database/organizations.ts";
import { openEmbeddedPostgres } from "../../src/embedded/postgres.ts";
import { loadSecrets } from "../../src/embedded/secrets.ts";
import { chances } from "./chance.ts";

const { values } = parseArgs({
  options: { alerts: { type: "string", default: "10000" }, seed: { type: "string", default: "1" } },
});
const [many, seed] = [Number(values.alerts), Number(values.seed)];
if (!(Number.isInteger(many) && many > 0 && Number.isInteger(seed)))
  throw new Error("--alerts and --seed are numbers.");
const channels = Math.max(6, Math.ceil(many / 5_000)); // none is above what it may send in a minute
const senders = 3;
/** Calls from one kill to the next: by the clock, a busy machine would see nothing but kills. */
const [soonest, latest] = [100, 600];
const leaseOver = 61_000; // ms

const chance = chances(seed);
const directory = await mkdtemp(join(tmpdir(), "vigil-crash-"));
const postgres = await openEmbeddedPostgres(directory, await loadSecrets(directory));
const owner = new pg.Client({ connectionString: postgres.ownerUrl });
await owner.connect();
const calls: string[] = [];
/** Calls whose sender died before it could be answered. */
let unanswered = 0;
const sink = createServer((request, response) => {
  request.resume().once("end", async () => {
    calls.push(request.headers["webhook-id"] as string);
    await wait(Math.floor(chance() * 20)); // many are on their way when a sender dies
    if (request.socket.readyState !== "open") unanswered++;
    response.writeHead(204).end();
  });
}).listen(0, "127.0.0.1");
await once(sink, "listening");
const running = new Set<ChildProcess>();
/** Those that have begun to send: only they are killed on the way. */
const sending = new Set<ChildProcess>();

async function fill(): Promise<string> {
  await migrate(postgres.ownerUrl, postgres.serverUrl);
  const ours = await createOrganization(postgres.ownerUrl, "crash", "Crash");
  const url = `http://127.0.0.1:${(sink.address() as AddressInfo).port}/`;
  const incident = uuidv7();
  await owner.query(
    `INSERT INTO security_incidents (organization_id, id, number, title, severity, fingerprint, threat_score, subjects, tags,
       detection_count, event_count, first_event_at, last_event_at, opened_at)
     VALUES ($1, $2, 1, 'i', 'HIGH', 'f', 0, '[]', '{}', 1, 1, now(), now(), now())`,
    [ours, incident],
  );
  for (let n = 0; n < channels; n++) {
    await owner.query(
      `WITH channel AS (INSERT INTO alert_channels (organization_id, id, kind, name, config, sealed_secrets, per_minute)
         VALUES ($1, $2, 'WEBHOOK', $3, $4, 'x', 10000) RETURNING id)
       INSERT INTO security_alerts (organization_id, id, incident_id, channel_id, recipient, status, due_at, group_key)
       SELECT $1, gen_random_uuid(), $5, channel.id, '', 'QUEUED', now(), $3 || ' ' || n FROM channel, generate_series(1, $6) n`,
      [ours, uuidv7(), `channel ${n}`, JSON.stringify({ url }), incident, Math.floor((many + n) / channels)],
    );
  }
  return ours;
}

function start(organization: string, ahead = 0): ChildProcess {
  const secret = `whsec_${Buffer.alloc(24, 7).toString("base64")}`;
  const child = fork(
    join(import.meta.dirname, "../alert/sender-child.ts"),
    [postgres.serverUrl, organization, String(ahead), secret],
    { execArgv: ["--import", "tsx"] },
  );
  running.add(child);
  child.once("message", () => sending.add(child));
  child.once("exit", () => {
    running.delete(child);
    sending.delete(child);
  });
  return child;
}

async function kill(child: ChildProcess): Promise<void> {
  child.kill("SIGKILL");
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
}

/** Until so many calls have come, or none is left that nobody has claimed. */
async function callsReach(number: number): Promise<boolean> {
  for (;;) {
    if (calls.length >= number) return true;
    if ((await count("QUEUED")) === 0) return false;
    await wait(50);
  }
}

async function count(...statuses: string[]): Promise<number> {
  const text = "SELECT count(*)::int AS n FROM security_alerts WHERE status::text = ANY ($1)";
  return (await owner.query<{ n: number }>(text, [statuses])).rows[0]?.n as number;
}

try {
  const began = performance.now();
  const ours = await fill();
  const ready = Array.from({ length: senders }, () => start(ours));
  await Promise.all(ready.map((child) => sending.has(child) || once(child, "message")));
  let kills = 0;
  while (await callsReach(calls.length + soonest + Math.floor(chance() * (latest - soonest)))) {
    const alive = [...sending];
    const victim = alive[Math.floor(chance() * alive.length)];
    if (!victim) continue;
    await kill(victim);
    kills++;
    start(ours);
  }
  for (const child of [...running]) await kill(child); // the last kills: in the middle of whatever they do
  const inHand = await count("SENDING");
  start(ours, leaseOver); // what the dead had in hand is handed out again
  while ((await count("QUEUED", "SENDING", "RETRYING")) > 0) await wait(100);
  for (const child of [...running]) await kill(child);

  const { rows } = await owner.query<{ message_id: string; sent: number }>(
    `SELECT a.message_id, count(t.id) FILTER (WHERE t.outcome = 'SENT')::int AS sent
     FROM security_alerts a LEFT JOIN alert_attempts t ON t.alert_id = a.id GROUP BY a.id, a.message_id`,
  );
  const came = new Set(calls);
  const ids = new Set(rows.map(({ message_id }) => message_id));
  const found = {
    seed,
    alerts: rows.length,
    kills,
    inHandAtLast: inHand,
    calls: calls.length,
    misses: rows.filter(({ message_id }) => !came.has(message_id)).length,
    notOnceInLedger: rows.filter(({ sent }) => sent !== 1).length,
    duplicates: calls.length - came.size,
    /** Of those: the receiver had no time to answer. The others were answered, and the answer was not written down. */
    unanswered,
    /** Each kill repeats what was on its way and not written down yet. */
    duplicatesPerKill: Math.round(((calls.length - came.size) / (kills + senders)) * 10) / 10,
    unknownIds: [...came].filter((id) => !ids.has(id)).length,
    seconds: Math.round((performance.now() - began) / 1000),
  };
  console.log(JSON.stringify(found));
  if (found.misses + found.notOnceInLedger + found.unknownIds > 0 || found.alerts !== many) process.exitCode = 1;
} finally {
  for (const child of [...running]) await kill(child);
  sink.close();
  await owner.end();
  await postgres.close();
  await rm(directory, { recursive: true, force: true });
}
