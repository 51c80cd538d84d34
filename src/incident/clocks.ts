/**
 * How long people may take to acknowledge, contain and resolve an incident, by severity; and where an incident stands
 * with each. Pure: the clock is passed in.
 */
import { type Severity, severities } from "../ingest/event.ts";
import type { IncidentStatus } from "./state.ts";

export const clockKinds = ["ACKNOWLEDGE", "CONTAIN", "RESOLVE"] as const;
export type ClockKind = (typeof clockKinds)[number];

/** Seconds, by severity and clock. INFO has no clocks. */
export type ResponseTimes = Partial<Record<Severity, Partial<Record<ClockKind, number>>>>;

const minute = 60;
const hour = 60 * minute;
const day = 24 * hour;

export const defaultResponseTimes: ResponseTimes = {
  CRITICAL: { ACKNOWLEDGE: 15 * minute, CONTAIN: hour, RESOLVE: day },
  HIGH: { ACKNOWLEDGE: hour, CONTAIN: 4 * hour, RESOLVE: 3 * day },
  MEDIUM: { ACKNOWLEDGE: 8 * hour, CONTAIN: day, RESOLVE: 7 * day },
  LOW: { ACKNOWLEDGE: 3 * day, RESOLVE: 30 * day },
};

/** RUNNING: there is time left. MET: done in time. BREACHED: not done, and the time is over. LATE: done, after it. */
export type ClockState = "RUNNING" | "MET" | "BREACHED" | "LATE";

export interface Clock {
  kind: ClockKind;
  dueAt: Date;
  /** When it was done. */
  doneAt: Date | undefined;
  state: ClockState;
}

export interface Timed {
  severity: Severity;
  status: IncidentStatus;
  openedAt: Date;
  reopenedAt: Date | null;
  acknowledgedAt: Date | null;
  containedAt: Date | null;
  resolvedAt: Date | null;
}

/** The organization's own times over the defaults; 0 switches a clock off. */
export function responseTimes(own: ResponseTimes): ResponseTimes {
  return Object.fromEntries(
    severities.map((severity) => [severity, { ...defaultResponseTimes[severity], ...own[severity] }]),
  );
}

/** The clocks of an incident; none when it was merged, since the other incident's run. What was reopened is contained and resolved anew. */
export function clocksOf(incident: Timed, times: ResponseTimes, now: number): Clock[] {
  if (incident.status === "MERGED") return [];
  const { openedAt, reopenedAt, acknowledgedAt, containedAt, resolvedAt } = incident;
  const done: Record<ClockKind, Date | null> = {
    ACKNOWLEDGE: acknowledgedAt ?? containedAt ?? resolvedAt,
    CONTAIN: containedAt ?? resolvedAt,
    RESOLVE: resolvedAt,
  };
  return clockKinds.flatMap((kind) => {
    const seconds = times[incident.severity]?.[kind];
    if (!seconds) return [];
    const from = kind === "ACKNOWLEDGE" ? openedAt : (reopenedAt ?? openedAt);
    const dueAt = new Date(from.getTime() + seconds * 1000);
    const doneAt = done[kind] ?? undefined;
    const inTime = (doneAt?.getTime() ?? now) <= dueAt.getTime();
    const state: ClockState = doneAt ? (inTime ? "MET" : "LATE") : inTime ? "RUNNING" : "BREACHED";
    return [{ kind, dueAt, doneAt, state }];
  });
}
