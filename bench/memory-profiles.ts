/** What profiles take in the memory of a server that knows them, as a clinic's staff taught them, beside their JSON. */
import { setImmediate as breathe } from "node:timers/promises";
import pg from "pg";
import type { Entity } from "../src/detect/behaviour/entity.ts";
import { createProfileCache, type KnownProfiles } from "../src/detect/behaviour/profile-cache.ts";
import { compared } from "./compared.ts";
import { memoryInUse } from "./heap.ts";
import { clinicEvents } from "./ingest.ts";
import { postEvents } from "./post-events.ts";
import type { Figure } from "./run.ts";
import { type Ends, startPostgres, startServer } from "./servers.ts";

const events = 40_000;
const profiles = 100_000;

export async function profileMemory(): Promise<Figure[]> {
  const heap = async (): Promise<number> => {
    await breathe(); // what is on the stack is not collected
    return memoryInUse().heap;
  };
  const texts = await learned();
  const names = Array.from({ length: profiles }, (_, n) => `user-${n}`);
  const fill = (most?: number): KnownProfiles => {
    const cache = createProfileCache(most)("organization");
    for (const [n, key] of names.entries()) cache.put(entityOf(key, texts[n % texts.length] as string));
    return cache;
  };
  // One after the other, and none is let go before the end: what is collected in between would count against the next.
  const first = await heap();
  const bounded = fill();
  const second = await heap();
  const all = fill(Number.MAX_SAFE_INTEGER);
  const third = await heap();
  if (!all.get("USER", names[0] as string) || bounded.get("USER", names[0] as string))
    throw new Error("the bound does not bound");
  const json = names.reduce((sum, _, n) => sum + (texts[n % texts.length] as string).length, 0) / 2 ** 20;
  const about = { bench: "memory", baseline: "their JSON", unit: "MiB" };
  const subject = `${profiles} profiles of users`;
  return [
    compared({ ...about, subject: `${subject}, all held` }, [third - second], [json]),
    compared({ ...about, subject: `${subject}, as many as a server holds` }, [second - first], [json]),
  ];
}

const entityOf = (key: string, text: string): Entity => ({
  kind: "USER",
  key,
  firstSeenAt: 0,
  lastSeenAt: 0,
  profile: JSON.parse(text),
  size: text.length,
  stored: true,
});

/** The profiles of users, as JSON, after a server took a clinic's events. */
async function learned(): Promise<string[]> {
  const ends: Ends = [];
  try {
    const { directory, postgres } = await startPostgres(ends);
    const { port, token } = await startServer(ends, directory);
    const all = await clinicEvents(events);
    while (all.length > 0) await postEvents(`http://127.0.0.1:${port}`, token, all.splice(0, 1_000));
    const owner = new pg.Client({ connectionString: postgres.ownerUrl });
    await owner.connect();
    const { rows } = await owner.query<{ text: string }>(
      "SELECT learned::text AS text FROM entities WHERE kind = 'USER' AND learned::text <> '{}'",
    );
    await owner.end();
    return rows.map(({ text }) => text);
  } finally {
    for (const end of ends.reverse()) await end();
  }
}
