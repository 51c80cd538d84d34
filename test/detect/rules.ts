/** Rules and events in the words of the tests. */
import { compileRules } from "../../src/detect/compile.ts";
import type { RuleMode } from "../../src/detect/detection.ts";
import { createDetector, type Detector } from "../../src/detect/detector.ts";
import { createMemoryWindows, type MemoryWindows } from "../../src/detect/windows/memory.ts";
import type { Logsource, SecurityEvent } from "../../src/ingest/event.ts";

export const second = 1_000;
export const minute = 60 * second;
export const start = Date.UTC(2026, 10, 24);

let made = 0;

export interface EventWish extends Partial<Omit<SecurityEvent, "time" | "receivedAt">> {
  /** Seconds after the start; arrives then too, unless said otherwise. */
  at?: number;
  arrives?: number;
}

/** UUIDv7 as events get them: first the time of arrival, and above all ids before it. */
export function idAt(receivedAt: number): string {
  made++;
  const hex = Math.floor(receivedAt).toString(16).padStart(12, "0");
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-${String(made).padStart(12, "0")}`;
}

export function event({ at = 0, arrives = at, ...wish }: EventWish = {}): SecurityEvent {
  const receivedAt = start + arrives * second;
  return {
    id: idAt(receivedAt),
    time: start + at * second,
    receivedAt,
    logsource: {},
    action: "login",
    category: "OTHER",
    outcome: "UNKNOWN",
    attributes: {},
    ...wish,
  };
}

export function failLogin(user: string, wish: EventWish & { from?: string } = {}): SecurityEvent {
  const { from = "203.0.113.7", ...rest } = wish;
  return event({
    category: "AUTHENTICATION",
    outcome: "FAILURE",
    actor: { name: user },
    source: { ip: from },
    ...rest,
  });
}

export const failedLogin = `
title: Failed log-in
name: failed_login
logsource: { category: authentication }
detection:
  selection: { event.outcome: failure }
  condition: selection
`;

export function correlation(lines: string): string {
  return `title: Many\nlevel: high\ncorrelation:\n  rules: [failed_login]\n${lines.trimEnd().replace(/^/gm, "  ")}\n`;
}

/** Three failures of one user within a minute. */
export const threeFailures = correlation(
  "type: event_count\ngroup-by: [user.name]\ntimespan: 1m\ncondition: { gte: 3 }",
);

export function selectionRule(detection: string, logsource: Logsource = {}, title = "t"): string {
  return `title: ${title}\nlogsource: ${JSON.stringify(logsource)}\ndetection:\n${detection.replace(/^/gm, "  ")}\n`;
}

export function compiled(yamls: readonly string[], modes: Record<number, RuleMode> = {}) {
  return compileRules(yamls.map((yaml, n) => ({ id: `rule-${n}`, revision: 1, mode: modes[n] ?? "ACTIVE", yaml })));
}

export function detectorFor(...yamls: string[]): Detector & { windows: MemoryWindows } {
  const { ruleSet, errors } = compiled(yamls);
  if (errors.length > 0) throw new Error(errors.map(({ message }) => message).join("\n"));
  const windows = createMemoryWindows();
  return { ...createDetector({ ruleSet, windows }), windows };
}

/** Whether a detection (indented by nothing, with its condition) matches an event. */
export async function matches(detection: string, wish: EventWish, logsource: Logsource = {}): Promise<boolean> {
  const { detections } = await detectorFor(selectionRule(detection, logsource)).evaluate([event(wish)]);
  return detections.length > 0;
}
