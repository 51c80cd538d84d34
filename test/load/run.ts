/**
 * `npm run test:load -- [--minutes 10] [--share 5] [--heap 512] [--seed N]`: two servers and a worker get so many times the
 * events a second that they were seen to take, while attacks go in as in the crash suite. At 5 they must refuse without losing
 * what they accepted, without harm to the other organization, and without an end of memory (each process has `--heap` MiB);
 * at 0.6 for an hour nothing may grow. Ends with 1 where something is not as it must be.
 */
import { setTimeout as wait } from "node:timers/promises";
import { parseArgs } from "node:util";
import pg from "pg";
import { chances } from "../crash/chance.ts";
import { findings } from "../crash/checks.ts";
import { type Organization, startLoad } from "../crash/load.ts";
import { openStand } from "../crash/stand.ts";
import { openWitnesses, type Witnesses } from "../crash/witnesses.ts";
import { action, capacityOf, makeNoise, noNoise } from "./noise.ts";
import { courses, type Sample, sample } from "./samples.ts";

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "10" },
    share: { type: "string", default: "5" },
    heap: { type: "string", default: "512" },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
  },
});
const [minutes, share, heap, seed] = ["minutes", "share", "heap", "seed"].map((name) =>
  Number(values[name as keyof typeof values]),
) as [number, number, number, number];
if (!(minutes > 0 && share > 0 && heap > 0 && Number.isInteger(seed)))
  throw new Error("--minutes, --share and --heap are above 0, --seed is a whole number.");

const sampleEvery = Math.min(30_000, (minutes * 60_000) / 16);
const windowsLive = 40; // minutes for which Redis keeps a group of a rule that looks at ten, and nothing touches it
const settled = Math.ceil((windowsLive * 60_000) / sampleEvery); // samples in which nothing leaves Redis
const measured = 20_000; // ms in which the capacity is measured
const healthLooks = 90_000; // ms within which the health of an organization is looked at

process.env.NODE_OPTIONS = `--max-old-space-size=${heap}`; // of the processes that are started: an end of memory shows
const stand = await openStand({ hasFaults: false });
const owner = new pg.Client({ connectionString: stand.postgres.ownerUrl });
await owner.connect();
let isWell = true;
let witnesses: Witnesses | undefined;
const say = (isRight: boolean, what: string): void => {
  if (!isRight) isWell = false;
  console.log(`${isRight ? "well" : "NOT "}  ${what}`);
};
try {
  witnesses = await openWitnesses(stand, 4);
  const [flooded, other] = stand.organizations as [Organization, Organization];
  const urls = stand.servers.map(({ port }) => `http://127.0.0.1:${port}`);
  // From the start: opening incidents costs what sending events cannot have.
  const load = startLoad(stand.url, stand.organizations, seed, chances(seed));
  await capacityOf(urls, flooded, 5_000); // warms up
  const capacity = await capacityOf(urls, flooded, measured);
  const perSecond = capacity * share;
  console.log(
    `seed ${seed}: ${capacity.toFixed(0)} events/s are taken; ${perSecond.toFixed(0)} come for ${minutes} min, with ${heap} MiB of heap`,
  );
  const before = await count(flooded);

  const end = new AbortController();
  const noise = noNoise();
  const [samples, neighbour] = [gather(end.signal), ask(urls[0] as string, other, end.signal)];
  await makeNoise(urls, flooded, { perSecond, ms: minutes * 60_000, noise });
  end.abort();
  await load.end();
  const left = await witnesses.drained();

  console.log(
    `${noise.sent} events were sent: ${noise.accepted} accepted (${(noise.accepted / (minutes * 60)).toFixed(0)}/s), ${noise.refused} refused, ${noise.heldBack} held back`,
  );
  say(noise.faults.size === 0, `each was answered with 200, or with 429 and when to come back ${told(noise.faults)}`);
  const stored = (await count(flooded)) - before;
  // What nobody knows the answer of may be stored, too.
  const unknown = noise.sent - noise.accepted - noise.refused;
  const isThere = stored >= noise.accepted && stored <= noise.accepted + unknown;
  say(isThere, `what was accepted is stored once: ${stored} of ${noise.accepted}, and ${unknown} without an answer`);
  if (share > 1) {
    say(noise.refused > 0, "what is too much is refused");
    say((await counted(urls)) >= noise.refused, "the metrics count what was refused");
    const { rows } = await owner.query(
      "SELECT FROM security_incidents WHERE organization_id = $1 AND fingerprint = 'vigil:health:intake'",
      [flooded.id],
    );
    if (minutes * 60_000 > healthLooks) say(rows.length > 0, "that events are refused is an incident");
  } else say(noise.refused === 0 && noise.heldBack === 0, "nothing is refused");
  const { times, refused } = await neighbour;
  const p99 = times.sort((a, b) => a - b)[Math.floor(0.99 * (times.length - 1))] ?? 0;
  say(
    refused === 0,
    `of the other organization nothing is refused; p99 of its requests ${p99.toFixed(0)} ms of ${times.length}`,
  );
  for (const { what, of, wrong } of await findings(stand, load, witnesses.followers, witnesses.enforced()))
    say(wrong.length === 0 && of > 0, `${what}: ${wrong.length} wrong of ${of} ${wrong.slice(0, 3).join("; ")}`);
  say(left === "nothing", `all that was due was told; left: ${left}`);
  for (const { process } of stand.members)
    say(process.unwanted.length === 0, `${process.name} ran on ${process.unwanted.join("; ")}`);
  for (const { name, first, early, late, most, hasGrown } of courses(await samples, settled)) {
    const shown = [first, early, late, most].map((value) => value.toFixed(0)).join(", ");
    const when = name.startsWith("Redis")
      ? `second, last quarter behind minute ${windowsLive}`
      : "second, last quarter";
    say(hasGrown !== true, `${name}: ${shown} (first, ${when}, most)${hasGrown === undefined ? ", not judged" : ""}`);
  }
} catch (error) {
  isWell = false;
  console.log(error);
} finally {
  await witnesses?.close();
  await owner.end();
  await stand.close();
}
console.log(isWell ? "well" : "NOT well");
process.exit(isWell ? 0 : 1);

function told(faults: ReadonlyMap<string, number>): string {
  return [...faults].map(([why, times]) => `${times}: ${why}`).join("; ");
}

async function count({ id }: Organization): Promise<number> {
  const text = "SELECT count(*)::int AS n FROM realtime_monitoring WHERE organization_id = $1 AND action = $2";
  return (await owner.query<{ n: number }>(text, [id, action])).rows[0]?.n ?? 0;
}

/** Events that the servers say they have refused. */
async function counted(urls: readonly string[]): Promise<number> {
  const texts = await Promise.all(urls.map(async (url) => (await fetch(`${url}/metrics`)).text()));
  return texts.reduce(
    (sum, text) => sum + Number(/vigil_events_total\{result="refused"\} (\d+)/.exec(text)?.[1] ?? 0),
    0,
  );
}

async function gather(end: AbortSignal): Promise<Sample[]> {
  const samples: Sample[] = [];
  while (!end.aborted) {
    samples.push(await sample(stand, owner));
    await wait(sampleEvery, undefined, { signal: end }).catch(() => undefined);
  }
  return samples;
}

/** An event a second of another organization: how long each takes, ms, and how many are refused or not answered. */
async function ask(url: string, { ingestKey }: Organization, end: AbortSignal) {
  const times: number[] = [];
  let refused = 0;
  const send = async (): Promise<boolean> => {
    const answer = await fetch(`${url}/ingest`, {
      method: "POST",
      headers: { authorization: `Bearer ${ingestKey}`, "content-type": "application/json" },
      body: JSON.stringify([{ action: "neighbour.read" }]),
    });
    await answer.text();
    return answer.ok;
  };
  while (!end.aborted) {
    const began = performance.now();
    // An idle connection that ends in this moment is no refusal; a server that has ended is told below.
    const isTaken = await send().catch(() => send().catch(() => false));
    times.push(performance.now() - began);
    if (!isTaken) refused++;
    await wait(1_000, undefined, { signal: end }).catch(() => undefined);
  }
  return { times, refused };
}
