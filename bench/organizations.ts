/**
 * A server that has just started, to which a hundred clinics send fifty events each at the same moment; beside one that gets as
 * many events, in as many requests, of one clinic. And what memory it holds for them afterwards.
 */
import { setTimeout as wait } from "node:timers/promises";
import { openApp } from "../src/app.ts";
import { parseConfig } from "../src/config.ts";
import { createLog } from "../src/log.ts";
import { openClinic } from "./clinic/clinic.ts";
import type { ClinicEvent } from "./clinic/event.ts";
import { compared } from "./compared.ts";
import { postEvents } from "./post-events.ts";
import type { Figure } from "./run.ts";
import { seed } from "./seed.ts";
import { type Ends, startPostgres, startServer } from "./servers.ts";

const clinics = 100;
const each = 50; // events
const rounds = 3;

interface Round {
  /** Until all had their answer. */
  ms: number;
  answers: number[];
  /** Held more than before. */
  heapMiB: number;
}

export async function organizationsBench(): Promise<Figure[]> {
  const ends: Ends = [];
  try {
    const { directory } = await startPostgres(ends);
    const tokens = await makeOrganizations(directory);
    const events = await clinicEvents(clinics * each * rounds);
    const [many, one]: [Round[], Round[]] = [[], []];
    for (let round = 0; round < rounds; round++) {
      const some = events.slice(round * clinics * each, (round + 1) * clinics * each);
      const parts = Array.from({ length: clinics }, (_, n) => some.slice(n * each, (n + 1) * each));
      many.push(await measure(directory, parts, (place) => tokens[place] as string));
      one.push(await measure(directory, parts, () => tokens[clinics] as string));
    }
    const about = { bench: "organizations", baseline: "of one clinic" };
    const slowest = (all: Round[]) => all.map(({ answers }) => Math.max(...answers));
    const figure = (subject: string, unit: string, of: (all: Round[]) => number[]) =>
      compared({ ...about, subject, unit }, of(many), of(one));
    return [
      figure(`${each} events of each of ${clinics} clinics, all answered`, "ms", (all) => all.map(({ ms }) => ms)),
      figure("the slowest of their answers", "ms", slowest),
      figure("heap held for them", "MiB", (all) => all.map(({ heapMiB }) => heapMiB)),
    ];
  } finally {
    for (const end of ends.reverse()) await end();
  }
}

/** Answers a token of each, and one more. */
async function makeOrganizations(directory: string): Promise<string[]> {
  const app = await openApp(parseConfig({ VIGIL_DATA_DIR: directory }), { log: createLog("silent") });
  try {
    const tokens: string[] = [];
    for (let n = 0; n <= clinics; n++) {
      const organizationId = await app.createOrganization(`clinic-${n}`, `Clinic ${n}`);
      tokens.push(await app.tokens.sign({ organizationId, userId: "cli", name: "bench", role: "ADMIN" }, 36_000));
    }
    return tokens;
  } finally {
    await app.close();
  }
}

async function clinicEvents(count: number): Promise<ClinicEvent[]> {
  const events: ClinicEvent[] = [];
  for await (const { event } of openClinic({ seed: seed(), weeks: 2, staff: 40, learningWeeks: 2 }).events()) {
    events.push(event);
    if (events.length === count) break;
  }
  const later = Date.now() - (events.at(-1)?.time ?? 0);
  return events.map((event) => ({ ...event, time: event.time + later }));
}

async function measure(
  directory: string,
  parts: readonly ClinicEvent[][],
  tokenOf: (place: number) => string,
): Promise<Round> {
  const ends: Ends = [];
  try {
    const server = await startServer(ends, directory);
    const url = `http://127.0.0.1:${server.port}`;
    await wait(1_000); // what a start leaves to do is done
    const before = await server.heapMiB();
    const began = performance.now();
    const answers = await Promise.all(
      parts.map(async (events, place) => {
        await postEvents(url, tokenOf(place), events);
        return performance.now() - began;
      }),
    );
    const ms = performance.now() - began;
    await wait(1_000);
    return { ms, answers, heapMiB: (await server.heapMiB()) - before };
  } finally {
    for (const end of ends.reverse()) await end();
  }
}
