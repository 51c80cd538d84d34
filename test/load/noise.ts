/** Ordinary events, as many as are asked for, on a schedule that does not wait: a slow server gets no relief. */
import { setTimeout as wait } from "node:timers/promises";
import type { Organization } from "../crash/load.ts";

const batch = 500; // events a request
const mostOpen = 400; // requests that wait for an answer: what comes beyond is counted as held back
const patience = 120_000; // ms for one answer

export interface Noise {
  sent: number;
  accepted: number;
  /** Events that were answered with 429. */
  refused: number;
  /** Events that were not sent, since too many requests were open. */
  heldBack: number;
  /** Answers that are neither 200 nor 429 with when to come back, and requests without an answer, by why. */
  faults: Map<string, number>;
}

export const action = "load.read";

/** Bodies are made once: whoever makes them is not to be the slowest. */
const bodies = Array.from({ length: 20 }, (_, body) =>
  Array.from({ length: batch }, (_, n) =>
    JSON.stringify({
      action,
      category: "data",
      outcome: "success",
      actor: { name: `reader ${(body * batch + n) % 2_000}` },
      source: { ip: `10.20.${body}.${n % 250}` },
      target: { type: "room", id: `room ${n % 50}` },
      http: { method: "GET", path: `/rooms/${n % 50}`, status: 200, durationMs: n % 90 },
    }),
  ).join("\n"),
);

async function sendOne(url: string, key: string, n: number, noise: Noise): Promise<void> {
  const fault = (why: string): void => void noise.faults.set(why, (noise.faults.get(why) ?? 0) + 1);
  noise.sent += batch;
  try {
    const answer = await fetch(`${url}/ingest`, {
      method: "POST",
      headers: { authorization: `Bearer ${key}`, "content-type": "application/x-ndjson" },
      body: bodies[n % bodies.length] as string,
      signal: AbortSignal.timeout(patience),
    });
    const text = await answer.text();
    if (answer.status === 200) noise.accepted += (JSON.parse(text) as { accepted: number }).accepted;
    else if (answer.status === 429 && Number(answer.headers.get("retry-after")) >= 1) noise.refused += batch;
    else fault(`${answer.status} ${text.slice(0, 100)}`);
  } catch (error) {
    fault(String(error));
  }
}

const nothing = (): Noise => ({ sent: 0, accepted: 0, refused: 0, heldBack: 0, faults: new Map() });

/** Events a second that are taken from senders that wait for each answer: two for each server. */
export async function capacityOf(urls: readonly string[], { ingestKey }: Organization, ms: number): Promise<number> {
  const noise = nothing();
  const began = performance.now();
  const sender = async (url: string): Promise<void> => {
    for (let n = 0; performance.now() - began < ms; n++) await sendOne(url, ingestKey, n, noise);
  };
  await Promise.all([...urls, ...urls].map(sender));
  if (noise.refused > 0 || noise.faults.size > 0)
    throw new Error(`not all was taken: ${[...noise.faults.keys()].join("; ")}`);
  return noise.accepted / ((performance.now() - began) / 1_000);
}

/** So many events a second, to each server in turn. Resolves once all are answered. */
export async function makeNoise(
  urls: readonly string[],
  { ingestKey }: Organization,
  { perSecond, ms, noise = nothing() }: { perSecond: number; ms: number; noise?: Noise },
): Promise<Noise> {
  const began = performance.now();
  const open = new Set<Promise<void>>();
  for (let n = 0; performance.now() - began < ms; ) {
    const due = ((performance.now() - began) / 1_000) * (perSecond / batch);
    for (; n < due; n++) {
      if (open.size >= mostOpen) {
        noise.heldBack += batch;
        continue;
      }
      const one = sendOne(urls[n % urls.length] as string, ingestKey, n, noise).finally(() => open.delete(one));
      open.add(one);
    }
    await wait(5);
  }
  await Promise.all(open);
  return noise;
}

export const noNoise = nothing;
