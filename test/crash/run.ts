/**
 * `npm run test:crash`: serving nodes are killed (SIGKILL) every few seconds while events arrive and clients of
 * `vigil/client` follow what becomes of them. In the end every client must have been shown every change once, in order,
 * and every event that was accepted must be stored. Ends with 1 where that is not so.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { parseArgs } from "node:util";
import { WebSocket } from "ws";
import { createApiKey } from "../../src/access/api-keys.ts";
import { openApp } from "../../src/app.ts";
import { createClient } from "../../src/client/index.ts";
import { parseConfig } from "../../src/config.ts";
import { freePort } from "../../src/embedded/free-port.ts";
import { createLog } from "../../src/log.ts";
import { decodeCursor } from "../../src/publish/cursor.ts";
import { judge } from "./judge.ts";
import { balance, ServingNode } from "./node.ts";

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "120" },
    every: { type: "string", default: "5" },
    clients: { type: "string", default: "8" },
    nodes: { type: "string", default: "2" },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
  },
});
const [seconds, every, count, nodeCount, seed] = [
  Number(values.seconds),
  Number(values.every),
  Number(values.clients),
  Number(values.nodes),
  Number(values.seed),
];
console.log(`seed ${seed}: ${seconds} s, ${nodeCount} nodes, ${count} clients, a kill about every ${every} s`);

/** A small generator (mulberry32), so that a run can be repeated from its seed. */
let state = seed >>> 0;
function random(): number {
  state = (state + 0x6d2b79f5) >>> 0;
  let t = Math.imul(state ^ (state >>> 15), state | 1);
  t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
}

const dataDir = await mkdtemp(join(tmpdir(), "vigil-crash-"));
const app = await openApp(parseConfig({ VIGIL_DATA_DIR: dataDir }), { log: createLog("silent") });
const organizationId = await app.organizationBySlug("demo");
const token = await app.tokens.sign({ organizationId, userId: "cli", name: "crash", role: "ADMIN" }, 3_600);
const key = await app.db.inOrganization(organizationId, (tx) =>
  createApiKey(tx, { name: "crash", role: "INGEST", actor: "crash", now: Date.now() }),
);
const start = await app.feed.cursor(organizationId); // before anything else runs
const env = { VIGIL_DATA_DIR: dataDir, DATABASE_URL: app.serverUrl, LOG_LEVEL: "silent", REDIS_URL: "" };
const post = (to: string, events: object[], signal?: AbortSignal): Promise<Response> =>
  fetch(`${to}/ingest`, {
    method: "POST",
    headers: { authorization: `Bearer ${key.secret}`, "content-type": "application/json" },
    body: JSON.stringify(events),
    signal: signal ?? null,
  });
/** A node serves when it has taken an event: its rules are loaded then. */
const warm = async (to: string): Promise<boolean> => (await post(to, [{ action: "crash.warm" }])).ok;
const nodes = await Promise.all(
  Array.from({ length: nodeCount }, async () => new ServingNode(await freePort(), env, warm)),
);
await Promise.all(nodes.map((node) => node.start()));
const port = await freePort();
const balancer = await balance(nodes, port);
const url = `http://127.0.0.1:${port}`;

const end = new AbortController();
const placeOf = (cursor: string): string => {
  const { xid, id } = decodeCursor(cursor);
  return `${xid}:${id}`;
};

const document = "subscription ($after: String) { incidentEvents(after: $after) { cursor kind incident { number } } }";
const followers = Array.from({ length: count }, () => {
  const client = createClient({ url, token, webSocket: WebSocket, retry: { first: 100, longest: 1_000 } });
  const follower = { client, shown: [] as string[], losses: 0, fault: undefined as unknown };
  const onState = ({ state }: { state: string }): void => {
    if (state === "waiting") follower.losses++;
  };
  const read = async (): Promise<void> => {
    for await (const event of client.follow(document, {}, { after: start, onState })) {
      if (event.type !== "change") throw new Error(`a follower was told ${event.type}`);
      follower.shown.push(placeOf(event.cursor));
    }
  };
  read().catch((error: unknown) => {
    follower.fault = error;
  });
  return follower;
});

const accepted = new Set<string>();
let refusals = 0;
const refusedWith = new Map<string, number>();
/** Sends one burst of failed log-ins until it is accepted: whoever is not answered sends the same again. */
async function attack(n: number): Promise<void> {
  const events = Array.from({ length: 10 }, (_, index) => ({
    id: `crash-${seed}-${n}-${index}`,
    action: "login",
    category: "authentication",
    outcome: "failure",
    actor: { name: `crash-${n}` },
    source: { ip: `203.0.${n % 250}.${index + 1}` },
  }));
  while (!end.signal.aborted) {
    const answer = await post(url, events, AbortSignal.timeout(30_000)).catch((error: Error) => error);
    if (!(answer instanceof Error) && answer.ok) {
      for (const { id } of events) accepted.add(id);
      return;
    }
    refusals++;
    const why =
      answer instanceof Error ? answer.name : `${answer.status} ${(await answer.text().catch(() => "")).slice(0, 100)}`;
    refusedWith.set(why, (refusedWith.get(why) ?? 0) + 1);
    await wait(100);
  }
}

const senders = Array.from({ length: 3 }, async (_, sender) => {
  for (let n = sender; !end.signal.aborted; n += 3) {
    await attack(n);
    await wait(100 + random() * 300);
  }
});

let kills = 0;
const restarts: Promise<void>[] = [];
const until = Date.now() + seconds * 1_000;
while (Date.now() < until) {
  await wait(every * 1_000 * (0.75 + random() / 2));
  // A kill before anything was done would try nothing: on a slow machine, kills are rarer than asked for.
  const before = accepted.size;
  while (accepted.size === before && Date.now() < until) await wait(100);
  // The node that serves: the first that is ready. Another takes over at once, if there is one.
  const node = nodes.find(({ isReady }) => isReady);
  if (!node) continue;
  await node.kill();
  kills++;
  const killedAt = Date.now();
  const name = nodes.indexOf(node) + 1;
  restarts.push(
    node.start().then(() => console.log(`node ${name} was killed, and served again after ${Date.now() - killedAt} ms`)),
  );
}
end.abort();
await Promise.all([...senders, ...restarts]);
console.log("the load has ended: every follower must now come to the end of the feed");

/** Every change since the start, in the feed's order, as the table has them: not by the code that is tried. */
async function changesDue(): Promise<string[]> {
  const { xid, id } = decodeCursor(start);
  const { rows } = await app.db.query<{ place: string }>(
    organizationId,
    `SELECT xid || ':' || id AS place FROM changes WHERE organization_id = $1 AND topic = 'incident'
       AND (xid, id) > ($2::text::xid8, $3::bigint) ORDER BY xid, id`,
    [organizationId, xid, id],
  );
  return rows.map(({ place }) => place);
}

// What is done at intervals goes on meanwhile.
const patience = Date.now() + 60_000;
let due = await changesDue();
while (Date.now() < patience && followers.some(({ shown, fault }) => !fault && shown.length < due.length)) {
  await wait(200);
  due = await changesDue();
}

const stored = await app.db.query<{ n: number }>(
  organizationId,
  "SELECT count(DISTINCT client_id)::int AS n FROM realtime_monitoring WHERE organization_id = $1 AND client_id = ANY ($2)",
  [organizationId, [...accepted]],
);
const lost = accepted.size - (stored.rows[0]?.n ?? 0);
console.log(`${kills} kills, ${refusals} sendings that failed and were repeated, ${due.length} changes`);
for (const [why, times] of refusedWith) console.log(`  ${times} times: ${why}`);
console.log(`events: ${accepted.size} accepted, ${lost} of them lost`);
let isWell = lost === 0 && due.length > 0 && kills > 0;
for (const [n, { shown, losses, fault }] of followers.entries()) {
  const verdict = judge(due, shown);
  const { missed, doubled, outOfOrder, foreign } = verdict;
  if (fault !== undefined || missed + doubled + outOfOrder + foreign > 0) isWell = false;
  const ended = fault === undefined ? "" : `, ended by ${String(fault)}`;
  console.log(
    `client ${n + 1}: lost its line ${losses} times; ${missed} missed, ${doubled} doubled, ${outOfOrder} out of order${ended}`,
  );
}
console.log(isWell ? "well" : `NOT well: repeat with --seed ${seed}`);
for (const { client } of followers) await client.close();
balancer.close();
for (const node of nodes) await node.kill();
await app.close();
await rm(dataDir, { recursive: true, force: true });
process.exit(isWell ? 0 : 1);
