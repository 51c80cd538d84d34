/** What a widget shows, by its kind and settings. Pure. */
import { VigilError } from "../errors.ts";
import type { WidgetKind } from "./widgets.ts";

/** Gauges that a widget can show as one number, by their names in `realtimeMetrics`. */
export const gaugeNames = [
  "eventsPerSecond",
  "blockedPerSecond",
  "openIncidents",
  "activeThreats",
  "alertsQueued",
  "alertsLateMs",
  "alertsFailed",
  "alertDeliveryMs",
  "detectionsPerMinute",
  "ingestLagMs",
  "waitingEvents",
  "eventsRefusedPerSecond",
  "connectedClients",
  "connectedEnforcers",
] as const;

export type GaugeName = (typeof gaugeNames)[number];

export type WidgetSource =
  /** The present value of a gauge. */
  | { what: "gauge"; gauge: GaugeName }
  /** A named time series: the last `minutes`, a point a `step` of ms. */
  | { what: "series"; names: string[]; minutes: number; step: number }
  /** Open incidents by severity. */
  | { what: "severities" }
  /** The latest open incidents. */
  | { what: "incidents"; first: number };

const longestMinutes = 43_200; // 30 days
const mostPoints = 1_000;

/**
 * `{ "gauge": "openIncidents" }`; `{ "series": "vigil.eventsPerSecond", "minutes": 60 }`, several names as a list;
 * `{ "show": "severities" }`; `{ "show": "incidents", "first": 10 }`. Without any of these each kind shows what it is
 * mostly for. Errors: BAD_USER_INPUT, which names the setting.
 */
export function sourceOf(kind: WidgetKind, settings: Readonly<Record<string, unknown>>): WidgetSource {
  const { gauge, series, show, minutes = 60, first = 10 } = settings;
  const refuse = (key: string, message: string): VigilError =>
    new VigilError("BAD_USER_INPUT", `The widget's setting ${key} ${message}.`, { path: ["settings", key] });
  const whole = (key: string, value: unknown, most: number): number => {
    if (Number.isInteger(value) && (value as number) >= 1 && (value as number) <= most) return value as number;
    throw refuse(key, `is a whole number from 1 to ${most}`);
  };
  if (gauge !== undefined) {
    if (gaugeNames.includes(gauge as GaugeName)) return { what: "gauge", gauge: gauge as GaugeName };
    throw refuse("gauge", `is one of ${gaugeNames.join(", ")}`);
  }
  if (show !== undefined && show !== "severities" && show !== "incidents") {
    throw refuse("show", "is severities or incidents");
  }
  const isLine = kind === "LINE" && show === undefined;
  if (series !== undefined || isLine) {
    const names = [series ?? "vigil.eventsPerSecond"].flat();
    if (names.length < 1 || names.length > 10 || names.some((name) => typeof name !== "string")) {
      throw refuse("series", "names one to ten series");
    }
    const long = whole("minutes", minutes, longestMinutes);
    return { what: "series", names: names as string[], minutes: long, step: stepOf(long) };
  }
  if (show === "severities" || (show === undefined && kind === "BAR")) return { what: "severities" };
  if (show === "incidents" || kind === "TABLE" || kind === "FEED") {
    return { what: "incidents", first: whole("first", first, 50) };
  }
  return { what: "gauge", gauge: "openIncidents" };
}

/** The finest of the stored resolutions' multiples that gives a line no more points than it can show. */
function stepOf(minutes: number): number {
  const steps = [5_000, 15_000, 60_000, 300_000, 900_000, 3_600_000];
  return steps.find((step) => (minutes * 60_000) / step <= mostPoints) ?? 3_600_000;
}
