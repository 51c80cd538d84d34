/** A case's events: its log lines read by Vigil where it can, else as CrowdSec parsed them. */
import { canonicalAddress } from "../../../src/address.ts";
import type { EventDraft } from "../../../src/ingest/event.ts";
import { formats } from "../../../src/ingest/formats/formats.ts";
import type { SentEvent } from "../engine.ts";
import type { Scenario } from "./bucket.ts";
import { type CrowdsecEvent, type Names, namesOf, namesOfMeta } from "./names.ts";
import { computations } from "./operand.ts";

export interface ScenarioCase {
  id: string;
  logType: string;
  year: number;
  lines: string[];
  scenarioDefs: Scenario[];
  expect: { results?: Overflow[] };
  /** The events of the overflows, in the order of both, with the fields that every log has under one name. */
  assertedFeed: FedEvent[];
}

interface FedEvent {
  overflow: number;
  ip: string | null;
  user: string | null;
  service: string | null;
  logType: string | null;
}

interface Overflow {
  scenario: string | null;
  sources: { value?: string; key?: string; scope?: string }[];
  eventsCount: number | null;
  events: Names[] | null;
}

export type Feed =
  | { from: "lines" | "parsed events"; events: SentEvent[]; tells: (field: string) => boolean }
  | { unreadable: string };

/** The formats that read a kind of log; syslog only where it is sshd's. */
const formatOf: Record<string, string> = {
  nginx: "combined",
  apache2: "combined",
  "nginx-proxy-manager": "combined",
  bunkerweb: "combined",
  litespeed: "combined",
  syslog: "sshd",
};

/** `fields`: what the scenarios ask of the events. */
export function feedOf(one: ScenarioCase, fields: readonly string[]): Feed {
  const drafts = readLines(one);
  if (drafts !== undefined) {
    const events = drafts.map((draft) => sent(draft, namesOf(draft), fields));
    return { from: "lines", events, tells: () => true };
  }
  const parsed = parsedEvents(one);
  if ("unreadable" in parsed) return parsed;
  const events = parsed.map(({ draft, meta }) => sent(draft, namesOfMeta(meta), fields));
  const told = new Set(events.flatMap(({ attributes }) => Object.keys(attributes as object)));
  return { from: "parsed events", events, tells: (field) => told.has(field) || !field.includes("evt.") };
}

/** Undefined unless every line is of the format and some say something. */
function readLines({ logType, lines, year }: ScenarioCase): EventDraft[] | undefined {
  const format = formats.get(formatOf[logType] ?? "");
  const latest = Date.UTC(year, 11, 31, 23, 59, 59);
  const read = format?.parser({ now: Date.UTC(2100, 0, 1), latest, everyLine: true });
  const drafts: EventDraft[] = [];
  for (const [n, line] of lines.entries()) {
    const result = read?.(line, n + 1);
    if (result === undefined || "rejection" in result) return undefined;
    if ("events" in result) drafts.push(...result.events);
  }
  return drafts.length > 0 ? drafts : undefined;
}

/** What overflowed: each event once, as often as one scenario saw it (several scenarios see the same events). */
function parsedEvents({
  expect,
  assertedFeed,
}: ScenarioCase): { draft: EventDraft; meta: Names }[] | { unreadable: string } {
  const results = expect.results ?? [];
  const events = new Map<string, { meta: Names; times: number }>();
  for (const scenario of new Set(results.map((result) => result.scenario))) {
    const seen = new Map<string, number>();
    for (const [overflow, { scenario: its, events: held, eventsCount }] of results.entries()) {
      if (its !== scenario) continue;
      if (!held || held.length === 0) return { unreadable: "no parsed events for an overflow" };
      if (eventsCount !== null && held.length < eventsCount)
        return { unreadable: "not all parsed events of an overflow" };
      const fed = assertedFeed.filter((event) => event.overflow === overflow);
      for (const [n, named] of held.entries()) {
        const meta = withFed(named, fed[n]);
        const key = identityOf(meta);
        seen.set(key, (seen.get(key) ?? 0) + 1);
        const known = events.get(key);
        events.set(key, { meta: { ...known?.meta, ...meta }, times: Math.max(known?.times ?? 0, seen.get(key) ?? 0) });
      }
    }
  }
  const drafts = [...events.values()].flatMap(({ meta, times }) =>
    Array.from({ length: times }, () => ({ meta, draft: draftOf(meta) })),
  );
  if (drafts.length === 0)
    return { unreadable: "log lines of a format that Vigil does not read, and no parsed events" };
  return drafts.sort((a, b) => (a.draft.time ?? 0) - (b.draft.time ?? 0));
}

/** Each log has its own name for the user, and an overflow's later events lack some of the names of its first. */
function withFed(meta: Names, fed: FedEvent | undefined): Names {
  const user = meta.target_user ?? meta.username ?? meta.user ?? fed?.user ?? "";
  const named: Names = { target_user: user, username: user, user, service: fed?.service ?? "" };
  return { ...named, source_ip: fed?.ip ?? "", log_type: fed?.logType ?? "", ...meta };
}

function identityOf({ user, target_user: target, username, datasource_path: _path, ...meta }: Names): string {
  const entries = Object.entries({ ...meta, who: target || username || user }).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify(entries);
}

function draftOf(meta: Names): EventDraft {
  const ip = canonicalAddress(meta.source_ip ?? "");
  const time = Date.parse(meta.timestamp ?? "");
  return {
    logsource: {},
    action: "crowdsec",
    category: "OTHER",
    outcome: "UNKNOWN",
    attributes: {},
    ...(Number.isNaN(time) ? {} : { time }),
    ...(ip === undefined ? {} : { source: { ip } }),
  };
}

/** The draft with CrowdSec's names, and what the scenarios compute from them. */
function sent(draft: EventDraft, names: CrowdsecEvent | undefined, fields: readonly string[]): SentEvent {
  const attributes: Record<string, unknown> = { ...draft.attributes };
  for (const [group, values] of Object.entries(names ?? {}))
    for (const [name, value] of Object.entries(values as Names)) attributes[`evt.${group}.${name}`] = value;
  for (const field of fields) {
    const [, name = "", argument = ""] = /^(\w+)\((.*)\)$/.exec(field) ?? [];
    const computed = computations[name]?.(String(attributes[argument] ?? ""));
    if (computed !== undefined && computed !== "") attributes[field] = computed;
  }
  return { ...draft, attributes };
}
