/**
 * What behaviour costs the intake: a clinic's weeks over POST /ingest into organizations that take turns: one with all
 * detectors on, one with all of them off that goes on learning, and one for which there are no profiles at all. Events are
 * enriched in all; `enrich` says what the look-ups cost by themselves.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type App, openApp } from "../src/app.ts";
import { parseConfig } from "../src/config.ts";
import { facetTable } from "../src/detect/behaviour/facets.ts";
import { createLog } from "../src/log.ts";
import { createServer } from "../src/server/server.ts";
import { openClinic } from "./clinic/clinic.ts";
import type { ClinicEvent } from "./clinic/event.ts";
import { compared } from "./compared.ts";
import { postEvents } from "./post-events.ts";
import type { Figure } from "./run.ts";
import { seed } from "./seed.ts";

const weeks = 4;
const learned = 20; // days that are sent before anything is measured
const staff = 25;
const batchSize = 1_000;
const batchesPerRound = 2;
const weekMs = 7 * 86_400_000;

interface Sender {
  rate(events: readonly ClinicEvent[]): Promise<number>;
}

/** An organization whose behaviour rules have the mode. */
async function sender(
  { url, app }: { url: string; app: App },
  { slug, zone, mode }: { slug: string; zone: string; mode: "ACTIVE" | "DISABLED" },
): Promise<Sender> {
  const organizationId = await app.createOrganization(slug, slug);
  const token = await app.tokens.sign({ organizationId, userId: "cli", name: "bench", role: "ADMIN" }, 36_000);
  const ask = async <Result>(query: string, variables: object = {}): Promise<Result> => {
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
    const answer = await fetch(`${url}/graphql`, {
      method: "POST",
      headers,
      body: JSON.stringify({ query, variables }),
    });
    const { data, errors } = (await answer.json()) as { data: Result; errors?: { message: string }[] };
    if (errors) throw new Error(errors.map(({ message }) => message).join("; "));
    return data;
  };
  await ask("mutation ($zone: String) { organizationUpdate(input: { timeZone: $zone }) { userErrors { message } } }", {
    zone,
  });
  const { alertRules } = await ask<{ alertRules: { nodes: { id: string; mode: string }[] } }>(
    "{ alertRules(first: 100, filter: { kind: { eq: BEHAVIOUR } }) { nodes { id mode } } }",
  );
  if (alertRules.nodes.length === 0) throw new Error("there is no behaviour rule");
  for (const rule of alertRules.nodes)
    if (rule.mode !== mode)
      await ask(
        "mutation ($id: ID!, $mode: RuleMode) { alertRuleUpdate(id: $id, input: { mode: $mode }) { userErrors { message } } }",
        { id: rule.id, mode },
      );
  return {
    async rate(events) {
      const began = performance.now();
      for (let from = 0; from < events.length; from += batchSize)
        await postEvents(url, token, events.slice(from, from + batchSize));
      return events.length / ((performance.now() - began) / 1_000);
    },
  };
}

/** The same where nothing is learned: the table of facets is empty while it sends, which nobody can ask of the product. */
function withoutProfiles({ rate }: Sender): Sender {
  const table = facetTable as Map<unknown, unknown>;
  return {
    async rate(events) {
      const facets = [...table];
      table.clear();
      try {
        return await rate(events);
      } finally {
        for (const [kind, some] of facets) table.set(kind, some);
      }
    },
  };
}

export async function behaviourBench(): Promise<Figure[]> {
  const clinic = openClinic({ seed: seed(), weeks, staff, learningWeeks: weeks });
  const told: ClinicEvent[] = [];
  for await (const { event } of clinic.events()) told.push(event);
  // To the same hours of the week, and lately.
  const end = told.at(-1)?.time ?? 0;
  const later = Math.floor((Date.now() - end) / weekMs) * weekMs;
  const events = told.map((event) => ({ ...event, time: event.time + later }));
  const measuredFrom = clinic.world.day(learned).at(0) + later;
  const start = events.findIndex(({ time }) => time >= measuredFrom);

  const directory = await mkdtemp(join(tmpdir(), "vigil-bench-"));
  const app = await openApp(parseConfig({ VIGIL_DATA_DIR: directory }), { log: createLog("silent") });
  const server = createServer(app);
  try {
    const url = await server.listen(0, "127.0.0.1");
    const { zone } = clinic.world;
    const on = await sender({ url, app }, { slug: "bench-on", zone, mode: "ACTIVE" });
    const learning = await sender({ url, app }, { slug: "bench-learning", zone, mode: "DISABLED" });
    const none = withoutProfiles(await sender({ url, app }, { slug: "bench-none", zone, mode: "DISABLED" }));
    const senders = { on, learning, none };
    const names = ["on", "learning", "none"] as const;
    for (const name of names) await senders[name].rate(events.slice(0, start));
    const rates = { on: [] as number[], learning: [] as number[], none: [] as number[] };
    const perRound = batchSize * batchesPerRound;
    for (let from = start, round = 0; from + perRound <= events.length; from += perRound, round++) {
      const some = events.slice(from, from + perRound);
      // Whoever goes first has the colder caches of the machine: they take turns.
      for (let n = 0; n < names.length; n++) {
        const name = names[(round + n) % names.length] as (typeof names)[number];
        rates[name].push(await senders[name].rate(some));
      }
    }
    const subjects = [
      ["all detectors on", rates.on],
      ["all detectors off, profiles learned", rates.learning],
    ] as const;
    const about = { bench: "behaviour", baseline: "neither detectors nor profiles", unit: "events/s" };
    return subjects.map(([subject, own]) => compared({ ...about, subject }, own, rates.none));
  } finally {
    await server.close();
    await app.close();
    await rm(directory, { recursive: true, force: true });
  }
}
