/** What an organization sets of a rule beside its Sigma text. */
import type { Severity } from "../../ingest/event.ts";
import type { RuleMode } from "../detection.ts";

const longestThrottleMs = 7 * 86_400_000; // a week; after a restart this much history is replayed
const mostTexts = 200; // tags or references

export interface RuleSettings {
  mode: RuleMode;
  /** Events of one fingerprint that lie no further apart belong to one detection, ms. */
  throttleMs?: number;
  /** Instead of the text's level, tags and references. */
  severity?: Severity;
  tags?: readonly string[];
  references?: readonly string[];
}

/** What is wrong with a throttle, if anything. */
export function throttleFault(throttleMs: number): string | undefined {
  const isGood = Number.isInteger(throttleMs) && throttleMs >= 1 && throttleMs <= longestThrottleMs;
  return isGood ? undefined : "A throttle is longer than nothing and at most P7D";
}

/** What is wrong with tags or references, if anything. */
export function textsFault(field: "tags" | "references", texts: readonly string[]): string | undefined {
  if (texts.length > mostTexts) return `A rule has at most ${mostTexts} ${field}`;
  return texts.some((text) => text.trim() === "" || text.length > 2_000 || /[\0\p{Surrogate}]/u.test(text))
    ? `${field} have 1 to 2,000 characters each, without U+0000 or halves of surrogate pairs`
    : undefined;
}

/** What changes: absent stays, null goes back to what the text says. */
export type SettingsPatch = { [Name in keyof RuleSettings]?: RuleSettings[Name] | null | undefined };

export function patched(before: RuleSettings, patch: SettingsPatch): RuleSettings {
  const changed = Object.entries(patch).filter(([, value]) => value !== undefined);
  const merged = Object.entries({ ...before, ...Object.fromEntries(changed) });
  return Object.fromEntries(merged.filter(([, value]) => value !== null)) as unknown as RuleSettings;
}

/** The part of the settings that is stored as one JSON value. */
export function overridesOf({ severity, tags, references }: RuleSettings): Omit<RuleSettings, "mode" | "throttleMs"> {
  return { ...(severity && { severity }), ...(tags && { tags }), ...(references && { references }) };
}

/** Settings as they are stored, in three columns. */
export interface StoredSettings {
  mode: RuleMode;
  throttle_ms: number | null;
  overrides: Omit<RuleSettings, "mode" | "throttleMs">;
}

export function settingsOf({ mode, throttle_ms, overrides }: StoredSettings): RuleSettings {
  return { mode, ...(throttle_ms === null ? {} : { throttleMs: throttle_ms }), ...overrides };
}

/** As lines for people, in one order, so that two can be compared. */
export function settingsText({ mode, throttleMs, severity, tags, references }: RuleSettings): string {
  const lines = [`mode: ${mode}`];
  if (throttleMs !== undefined) lines.push(`throttle: ${throttleMs / 1_000} s`);
  if (severity) lines.push(`severity: ${severity}`);
  if (tags) lines.push("tags:", ...tags.map((tag) => `  - ${tag}`));
  if (references) lines.push("references:", ...references.map((reference) => `  - ${reference}`));
  return `${lines.join("\n")}\n`;
}
