/** A detection in plain words: how much, for whom, in what time, and what the rule asks. */

import type { CountCondition } from "./correlation/condition.ts";
import { maxValues } from "./correlation/episodes.ts";
import type { Subject } from "./detection.ts";
import type { FiringRule } from "./rule.ts";
import type { Episode } from "./windows/windows.ts";

export function explain(
  { document, window, counts }: FiringRule,
  episode: Episode,
  subjects: readonly Subject[],
): string {
  const subject = subjects.map(subjectWords).join(", ");
  const about = subject ? ` for ${subject}` : "";
  const span = spanWords(episode.lastEventAt - episode.firstEventAt);
  const times = episode.eventCount === 1 ? "once" : `${episode.eventCount} times${span}`;
  if (document.kind === "DETECTION") return `"${document.title}" matched ${times}${about}`;
  const what = `${episode.eventCount} × ${counts.map((title) => `"${title}"`).join(" or ")}`;
  const within = `in ${durationWords(window.timespanMs)}`;
  const asks = conditionWords(window.condition);
  if (window.measure !== "VALUES") return `${what}${about}${span}; the rule fires at ${asks} ${within}`;
  const field = document.body.fields.join(" + ");
  const distinct = episode.values.length >= maxValues ? `at least ${maxValues}` : `${episode.values.length}`;
  return `${what} with ${distinct} different ${field}${about}${span}; the rule fires at ${asks} different ${within}`;
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

function conditionWords({ min, max, not }: CountCondition): string {
  const range = max === undefined ? `${min}` : max === min ? `exactly ${min}` : `${min} to ${max}`;
  return not === undefined ? range : `${range} (but not ${not})`;
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
