/**
 * The outside of the bench of alerts, in a process of its own: whoever sends the events, and whoever receives the alerts. So
 * one clock sees both ends, and what they cost is not the server's.
 */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as wait } from "node:timers/promises";

/** One round of calls at a rate per second. `events`: where they go, and by which token; without: straight to the sink. */
export interface Round {
  count: number;
  rate: number;
  events?: { url: string; token: string };
}

/** In ms, in ascending order; and how many alerts of priority LOW came meanwhile. */
export interface Measured {
  times: number[];
  bulk: number;
}

const longest = 300_000; // ms until an alert counts as lost

/** Resolved when the sink has read a body that names the key. */
const waiting = new Map<string, (at: number) => void>();
let bulk = 0;
let keys = 0;

const sink = createServer(async (request, response) => {
  let body = "";
  for await (const chunk of request) body += chunk;
  const at = performance.now();
  response.writeHead(204).end();
  if (body.includes('"priority":"LOW"')) bulk++;
  else waiting.get(/"key":"(10\.[\d.]+)"/.exec(body)?.[1] ?? "")?.(at);
}).listen(0, "127.0.0.1");
await once(sink, "listening");
const sinkUrl = `http://127.0.0.1:${(sink.address() as AddressInfo).port}/`;

async function post(url: string, body: unknown, headers: Record<string, string> = {}): Promise<void> {
  const answer = await fetch(url, { method: "POST", headers, body: JSON.stringify(body) });
  await answer.text();
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}`);
}

function call(key: string, events: Round["events"]): Promise<void> {
  if (!events) return post(sinkUrl, { subjects: [{ key }] });
  const event = { action: "attacked", logsource: { category: "attack" }, source: { ip: key } };
  const headers = { authorization: `Bearer ${events.token}`, "content-type": "application/json" };
  return post(`${events.url}/ingest`, [event], headers);
}

/** On a fixed schedule: a slow server gets no relief. */
async function measure({ count, rate, events }: Round): Promise<Measured> {
  const begun = performance.now();
  const bulkBefore = bulk;
  const all: Promise<number>[] = [];
  for (let n = 0; n < count; n++) {
    await wait(Math.max(0, begun + (n * 1_000) / rate - performance.now()));
    const key = `10.${(keys >> 16) & 255}.${(keys >> 8) & 255}.${keys++ & 255}`;
    const started = performance.now();
    const arrived = new Promise<number>((resolve, reject) => {
      waiting.set(key, resolve);
      setTimeout(() => reject(new Error(`no alert about ${key} within ${longest / 60_000} minutes`)), longest).unref();
    });
    all.push(Promise.all([arrived, call(key, events)]).then(([at]) => at - started));
  }
  const times = (await Promise.all(all)).sort((a, b) => a - b);
  return { times, bulk: bulk - bulkBefore };
}

process.on("message", (round: Round) => void measure(round).then((measured) => process.send?.(measured)));
process.once("disconnect", () => process.exit()); // the bench is over, however it ended
process.send?.(sinkUrl);
