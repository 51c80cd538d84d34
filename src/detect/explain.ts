/** A detection in plain words: what was counted, for whom, in what time, and what the rule asks. */

import type { Bounds } from "./correlation/condition.ts";
import { maxValues } from "./correlation/episodes.ts";
import { loweredOf } from "./correlation/lower.ts";
import type { Subject } from "./detection.ts";
import type { FiringRule } from "./rule.ts";
import type { CorrelationBody } from "./sigma/document.ts";
import type { Episode } from "./windows/windows.ts";

/** Whatever is sealed (a value that was counted, a number that was added up) is not told, only how many there were. */
export function explain(
  rule: FiringRule,
  episode: Episode,
  subjects: readonly Subject[],
  /** What a behaviour rule found last. */
  finding?: string,
): string {
  const { document } = rule;
  const subject = subjects.map(subjectWords).join(", ");
  const about = subject ? ` for ${subject}` : "";
  const span = spanWords(episode.lastEventAt - episode.firstEventAt);
  const times = episode.eventCount === 1 ? "once" : `${episode.eventCount} times${span}`;
  if (finding !== undefined) return episode.eventCount === 1 ? finding : `${finding} (the last of ${times})`;
  if (document.kind !== "CORRELATION") return `"${document.title}" matched ${times}${about}`;
  const { what, asks } = correlationWords(rule, document.body, episode);
  const within = `in ${durationWords(document.body.timespanMs)}`;
  const sooner = episode.lowered ? loweredOf(rule.window)?.condition.min : undefined;
  const but = sooner === undefined ? "" : `, and at ${sooner} for whom is under increased monitoring`;
  return `${what}${about}${span}; the rule fires at ${asks} ${within}${but}`;
}

interface Words {
  what: string;
  asks: string;
}

function correlationWords({ counts }: FiringRule, body: CorrelationBody, episode: Episode): Words {
  const { type, condition } = body;
  const matches = `${episode.eventCount} × ${orWords(counts)}`;
  const bounds = boundsWords(condition);
  const field = body.fields.join(" + ");
  switch (type) {
    case "event_count":
      return { what: matches, asks: bounds };
    case "value_count": {
      const distinct = episode.values.length >= maxValues ? `at least ${maxValues}` : `${episode.values.length}`;
      return { what: `${matches} with ${distinct} different ${field}`, asks: `${bounds} different` };
    }
    case "temporal":
    case "temporal_ordered":
      return temporalWords(counts, body, episode);
    case "value_sum":
      return { what: `${field} of ${matches} adds up to ${numberWords(episode)}`, asks: `a sum of ${bounds}` };
    case "value_avg":
      return { what: `${field} of ${matches} is ${numberWords(episode)} on average`, asks: `an average of ${bounds}` };
    case "value_percentile": {
      const which = `percentile ${body.percentile ?? 50}`;
      return { what: `${which} of ${field} of ${matches} is ${numberWords(episode)}`, asks: `a ${which} of ${bounds}` };
    }
    default:
      return type satisfies never;
  }
}

function temporalWords(counts: readonly string[], body: CorrelationBody, episode: Episode): Words {
  const inOrder = body.type === "temporal_ordered";
  const places = episode.values.map(Number);
  if (inOrder) places.sort((one, other) => one - other);
  const seen = places.map((place) => `"${counts[place] ?? ""}"`).join(inOrder ? ", then " : " and ");
  const what = `${seen} (${episode.eventCount} events)`;
  if (body.expression) return { what, asks: `\`${body.expression.text}\`${inOrder ? ", one after another," : ""}` };
  const all = body.condition.min === counts.length && body.condition.max === undefined;
  const rules = all ? `all ${counts.length} rules` : `${boundsWords(body.condition)} of ${counts.length} rules`;
  return { what, asks: inOrder ? `${rules} one after another` : rules };
}

function orWords(titles: readonly string[]): string {
  return [...new Set(titles)].map((title) => `"${title}"`).join(" or ");
}

function numberWords({ measured, sealed }: Episode): string {
  if (sealed) return "a sealed number";
  return measured === undefined ? "an unknown number" : String(Number(measured.toPrecision(12)));
}

const kindWords = {
  ADDRESS: "address",
  USER: "user",
  HOST: "host",
  SESSION: "session",
  DEVICE: "device",
  PATIENT: "patient",
  SERVICE: "service",
  OTHER: "",
} as const;

function subjectWords({ kind, key }: Subject): string {
  return kindWords[kind] ? `${kindWords[kind]} ${key}` : key;
}

function spanWords(ms: number): string {
  return ms === 0 ? " at one moment" : ` in ${durationWords(ms)}`;
}

function boundsWords({ min, above, max, below, not }: Bounds): string {
  const but = not === undefined ? "" : ` (but not ${not})`;
  if (min !== undefined && min === max) return `exactly ${min}${but}`;
  if (min !== undefined && max !== undefined) return `${min} to ${max}${but}`;
  const lower = min !== undefined ? `${min}` : above !== undefined ? `more than ${above}` : "";
  const upper = max !== undefined ? `at most ${max}` : below !== undefined ? `less than ${below}` : "";
  const both = [lower, upper].filter(Boolean).join(" and ");
  return both ? both + but : `anything but ${not}`;
}

const units = [
  [86_400_000, "d"],
  [3_600_000, "h"],
  [60_000, "m"],
  [1_000, "s"],
] as const;

/** The two largest units: 4 m 10 s. Below a second: milliseconds. */
export function durationWords(ms: number): string {
  if (ms < 1_000) return `${ms} ms`;
  const first = units.findIndex(([size]) => ms >= size);
  const parts: string[] = [];
  let rest = ms;
  for (const [size, unit] of units.slice(first, first + 2)) {
    const count = Math.floor(rest / size);
    if (count > 0) parts.push(`${count} ${unit}`);
    rest -= count * size;
  }
  return parts.join(" ");
}
