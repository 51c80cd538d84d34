/** Who cannot have travelled so: CrowdSec's cases and Panther's rows about travel, through the detector of impossible travel. */
import { impossibleTravel } from "../../src/detect/behaviour/detectors/impossible-travel.ts";
import { type Enricher, openEnricher } from "../../src/ingest/enrich/enricher.ts";
import type { SecurityEvent } from "../../src/ingest/event.ts";
import { parseTime } from "../../src/ingest/time.ts";
import { createLog } from "../../src/log.ts";
import { drive } from "../detect/behaviour/drive.ts";
import { event } from "../detect/rules.ts";
import { type CorpusResult, readRows, tally, type Verdict } from "./corpus.ts";

interface ScenarioCase {
  id: string;
  family: string;
  scenarioDefs: { name: string; condition?: string }[];
  expect: { results?: { scenario?: string; sources: { scope?: string; value?: string }[] }[] };
  assertedFeed?: { overflow: number; ts: string; ip: string; user: string; outcome?: string }[];
}

interface PantherRow {
  id: string;
  ruleId: string;
  expect: boolean;
  mocks?: unknown;
  event: Record<string, unknown>;
}

export async function runTravel(directory: string): Promise<CorpusResult[]> {
  const cases = await readRows<ScenarioCase>(directory, "crowdsec/scenario_cases.jsonl");
  const rows = await readRows<PantherRow>(directory, "panther/panther_tests.jsonl");
  const travels = cases.filter(({ scenarioDefs }) => scenarioDefs.some(asksDistance));
  const logIns = rows.filter(({ ruleId }) => ruleId === "Standard.ImpossibleTravel.Login");
  if (cases.length === 0 && rows.length === 0) return [];
  const enricher = await openEnricher({ own: {}, log: createLog("silent"), now: Date.now });
  const judged: [string, Verdict][] = [];
  for (const one of travels) judged.push([one.id, await judgeCase(one, enricher)]);
  return [
    tally("CrowdSec scenarios, impossible travel", false, judged),
    tally(
      "SaaS log-ins, impossible travel",
      false,
      logIns.map((row) => [row.id, judgeRow(row)] as const),
    ),
  ];
}

function asksDistance({ condition = "" }: { condition?: string }): boolean {
  return /\bDistance\(/.test(condition);
}

/** A scenario knows no learning; all else is as by default. */
function found(events: readonly SecurityEvent[]): string[] {
  const detector = drive([impossibleTravel]);
  detector.tune({ learningDays: 0, learningLogins: 0 });
  return detector.feed(events).map((each) => each.event.actor?.name ?? "");
}

async function judgeCase(
  { assertedFeed = [], expect, scenarioDefs }: ScenarioCase,
  enricher: Enricher,
): Promise<Verdict> {
  if (assertedFeed.length === 0) return { unsupported: "no parsed events" };
  const feed = assertedFeed.filter(({ overflow }) => overflow === 0);
  await enricher.ready(feed.map(({ ip }) => ({ source: { ip } })));
  const events = feed.map(({ ts, ip, user, outcome }) => {
    const draft = { source: { ip } };
    const enrichment = enricher.of(draft);
    const failed = outcome !== undefined && outcome !== "success";
    return {
      ...event({ ...logIn(user), ...draft, outcome: failed ? "FAILURE" : "SUCCESS" }),
      time: Date.parse(ts),
      ...(enrichment ? { enrichment } : {}),
    };
  });
  if (events.some(({ enrichment }) => enrichment?.place === undefined))
    return { unsupported: "an address without a place in our data" };
  const users = new Set(found(events));
  const wanted = (expect.results ?? []).flatMap(({ sources }) => sources.filter(({ scope }) => scope === "username"));
  const names = scenarioDefs.length > 0 ? new Set(wanted.map(({ value = "" }) => value)) : new Set<string>();
  const text = (some: ReadonlySet<string>): string => [...some].sort().join(" ") || "nobody";
  return text(users) === text(names) ? undefined : { failed: `expected ${text(names)}, got ${text(users)}` };
}

/** A row is one log-in, with the places of its addresses beside it; what came before stands in its mocks, if they are given. */
function judgeRow({ event: own, mocks, expect }: PantherRow): Verdict {
  const here = placesIn(own)[0];
  const before = placesIn(mocks);
  const at = timeIn(own);
  if (!here || before.length === 0 || at === undefined)
    return { unsupported: "the log-in before it, or its place or time, is not in the row" };
  const events = [...before.map((each) => logInAt(each, each.at ?? at)), logInAt(here, at)];
  const fired = found(events).length > 0;
  return fired === expect ? undefined : { failed: expect ? "not found" : "found" };
}

interface Located {
  lat: number;
  lon: number;
  at?: number;
}

/** Wherever coordinates stand, also within JSON in a text. */
function placesIn(value: unknown): Located[] {
  if (typeof value === "string") {
    if (!/^\s*[[{"]/.test(value)) return [];
    try {
      return placesIn(JSON.parse(value));
    } catch {
      return [];
    }
  }
  if (value === null || typeof value !== "object") return [];
  const record = value as Record<string, unknown>;
  const lat = Number(record.lat ?? record.latitude ?? Number.NaN);
  const lon = Number(record.lng ?? record.lon ?? record.longitude ?? Number.NaN);
  const at = timeIn(record);
  if (Number.isFinite(lat) && Number.isFinite(lon)) return [{ lat, lon, ...(at === undefined ? {} : { at }) }];
  return Object.values(record).flatMap(placesIn);
}

function timeIn(record: Record<string, unknown>): number | undefined {
  for (const name of ["p_event_time", "p_parse_time", "time", "timestamp"]) {
    const value = record[name];
    const time = typeof value === "string" ? parseTime(value) : undefined;
    if (time !== undefined) return time;
  }
  return undefined;
}

function logIn(user: string) {
  return { action: "login", category: "AUTHENTICATION", outcome: "SUCCESS", actor: { name: user } } as const;
}

function logInAt({ lat, lon }: Located, time: number): SecurityEvent {
  return { ...event({ ...logIn("user"), source: { lat, lon } }), time };
}
