/** Whether an incident is one that a response rule acts on; otherwise the first thing that it lacks. Pure. */
import { severities } from "../ingest/event.ts";
import type { IncidentFacts } from "./playbook.ts";
import { type Conditions, days, type ResponseRule } from "./rule.ts";

export type ReasonCode =
  | "RULE_DISABLED"
  | "SEVERITY_DIFFERS"
  | "SCORE_DIFFERS"
  | "RULE_DIFFERS"
  | "TAG_MISSING"
  | "SUBJECT_MISSING"
  | "OUTSIDE_TIMES"
  | "TOO_FEW_INCIDENTS";

export interface Fault {
  code: ReasonCode;
  /** In words. */
  reason: string;
}

export function failing(
  { mode, conditions, timeZone }: ResponseRule,
  incident: IncidentFacts,
  now: number,
): Fault | undefined {
  const { severity, threatScore, ruleId, ruleReference, tags, subjects, earlierIncidents } = incident;
  if (mode === "DISABLED") return { code: "RULE_DISABLED", reason: "The rule is disabled." };
  const { severityAtLeast, severityAtMost, scoreAtLeast, scoreAtMost } = conditions;
  const rank = severities.indexOf(severity);
  if (severityAtLeast && rank < severities.indexOf(severityAtLeast))
    return { code: "SEVERITY_DIFFERS", reason: `${severity} is below ${severityAtLeast}.` };
  if (severityAtMost && rank > severities.indexOf(severityAtMost))
    return { code: "SEVERITY_DIFFERS", reason: `${severity} is above ${severityAtMost}.` };
  const score = Math.round(threatScore * 10) / 10;
  if (scoreAtLeast !== undefined && threatScore < scoreAtLeast)
    return { code: "SCORE_DIFFERS", reason: `The threat score ${score} is below ${scoreAtLeast}.` };
  if (scoreAtMost !== undefined && threatScore > scoreAtMost)
    return { code: "SCORE_DIFFERS", reason: `The threat score ${score} is above ${scoreAtMost}.` };
  if (conditions.rules && !conditions.rules.some((rule) => rule === ruleId || rule === ruleReference))
    return { code: "RULE_DIFFERS", reason: `It was not opened by ${conditions.rules.join(" or ")}.` };
  if (conditions.tags && !conditions.tags.some((wanted) => tags.some((tag) => isWithin(tag, wanted))))
    return { code: "TAG_MISSING", reason: `It has no tag ${conditions.tags.join(" or ")}.` };
  if (conditions.subjectKinds && !conditions.subjectKinds.some((kind) => subjects.some((one) => one.kind === kind)))
    return { code: "SUBJECT_MISSING", reason: `It is about no ${conditions.subjectKinds.join(" or ")}.` };
  if (conditions.times && !isWhen(conditions.times, now, timeZone)) {
    const { day, clock } = wallClock(now, timeZone);
    const hour = `${Math.floor(clock / 60)}:${String(clock % 60).padStart(2, "0")}`;
    return { code: "OUTSIDE_TIMES", reason: `It is ${day} ${hour} in ${timeZone ?? "UTC"}, outside the rule's times.` };
  }
  const least = conditions.earlierIncidentsAtLeast ?? 0;
  if (earlierIncidents < least)
    return {
      code: "TOO_FEW_INCIDENTS",
      reason: `Its subjects had ${earlierIncidents} incidents before, not ${least}.`,
    };
  return undefined;
}

/** attack.t1110.001 is within attack.t1110, which is not within attack.t11. */
function isWithin(tag: string, wanted: string): boolean {
  return tag === wanted || tag.startsWith(`${wanted}.`);
}

/** Whether the moment is within the times of an IANA zone (absent: UTC). Equal `from` and `to` are the whole day. */
export function isWhen(
  { days: on, from = "00:00", to = "00:00" }: NonNullable<Conditions["times"]>,
  now: number,
  timeZone?: string,
): boolean {
  const [start, end] = [from, to].map(minutesOf) as [number, number];
  const { day, clock } = wallClock(now, timeZone);
  const overMidnight = end <= start;
  const isIn = overMidnight ? clock >= start || clock < end : clock >= start && clock < end;
  if (!isIn) return false;
  const beganBefore = overMidnight && clock < end && start !== end;
  const began = days[(days.indexOf(day) + (beganBefore ? 6 : 0)) % 7] as Day;
  return !on || on.length === 0 || on.includes(began);
}

type Day = (typeof days)[number];
const formats = new Map<string, Intl.DateTimeFormat>();

/** The day of the week and the minutes since midnight that clocks show in the zone. */
function wallClock(now: number, timeZone = "UTC"): { day: Day; clock: number } {
  const shown = { weekday: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" } as const;
  const format = formats.get(timeZone) ?? new Intl.DateTimeFormat("en-US", { ...shown, timeZone });
  formats.set(timeZone, format);
  const parts = Object.fromEntries(format.formatToParts(now).map(({ type, value }) => [type, value]));
  return { day: String(parts.weekday).toUpperCase() as Day, clock: minutesOf(`${parts.hour}:${parts.minute}`) };
}

function minutesOf(text: string): number {
  const [hours, minutes] = text.split(":").map(Number) as [number, number];
  return hours * 60 + minutes;
}
