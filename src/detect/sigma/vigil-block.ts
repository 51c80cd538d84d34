/**
 * The `vigil` part of a Sigma file: what an organization sets of a rule, or of an exception, beside the Sigma text. An
 * export writes it and an import reads it; it is no part of the text that is stored. (Sigma leaves other keys to authors.)
 */
import { type Severity, severities } from "../../ingest/event.ts";
import type { RuleMode } from "../detection.ts";
import { textsFault, throttleFault } from "../store/settings.ts";
import { unitMs } from "./correlation-body.ts";
import { get, isShape, readText, readTexts, type Shape } from "./shape.ts";
import type { Report } from "./source.ts";

export interface VigilBlock {
  /** Of a rule. */
  mode?: RuleMode;
  throttleMs?: number;
  severity?: Severity;
  tags?: readonly string[];
  references?: readonly string[];
  /** Of an exception. */
  name?: string;
  owner?: string;
  reason?: string;
  /** Epoch ms. */
  expiresAt?: number;
}

const at = ["vigil"];
const ofRule = ["mode", "throttle", "severity", "tags", "references"];
const ofException = ["name", "owner", "reason", "expires"];
const modes: readonly RuleMode[] = ["ACTIVE", "MONITOR", "DISABLED"];
const longest = { name: 100, owner: 200, reason: 2_000 }; // characters

/** Undefined: there is none. Each value that cannot be used is reported. */
export function readVigilBlock(document: Shape, report: Report): VigilBlock | undefined {
  if (!Object.hasOwn(document, "vigil")) return undefined;
  const written = get(document, "vigil");
  const known = get(document, "filter") === undefined ? ofRule : ofException;
  if (!isShape(written)) {
    report(at, "INVALID", `vigil is a map of ${known.join(", ")}`);
    return undefined;
  }
  for (const key of Object.keys(written))
    if (!known.includes(key)) report([...at, key], "INVALID", `vigil has no \`${key}\` here; use ${known.join(", ")}`);
  return known === ofRule ? readSettings(written, report) : readExceptionPart(written, report);
}

function readSettings(written: Shape, report: Report): VigilBlock {
  const block: VigilBlock = {};
  const mode = oneOf(written, "mode", modes, report);
  if (mode) block.mode = mode;
  const severity = oneOf(written, "severity", severities, report);
  if (severity) block.severity = severity;
  const throttle = readText(written, "throttle", report, at);
  if (throttle !== undefined) {
    const [, amount, unit = ""] = /^(\d{1,9}(?:\.\d{1,3})?)([smhdw])$/.exec(throttle.trim()) ?? [];
    const throttleMs = Math.round(Number(amount) * (unitMs.get(unit) ?? Number.NaN));
    const fault = amount ? throttleFault(throttleMs) : "throttle is a number and a unit: s, m, h, d or w, e.g. 15m";
    if (fault) report([...at, "throttle"], "INVALID", fault);
    else block.throttleMs = throttleMs;
  }
  for (const field of ["tags", "references"] as const) {
    if (!Object.hasOwn(written, field)) continue;
    const texts = readTexts(written, field, report, at);
    const fault = textsFault(field, texts);
    if (fault) report([...at, field], "INVALID", fault);
    else block[field] = texts;
  }
  return block;
}

function readExceptionPart(written: Shape, report: Report): VigilBlock {
  const block: VigilBlock = {};
  for (const field of ["name", "owner", "reason"] as const) {
    const text = readText(written, field, report, at);
    if (text === undefined) continue;
    if (text.trim() === "" || text.length > longest[field] || /[\0\p{Surrogate}]/u.test(text))
      report([...at, field], "INVALID", `${field} has 1 to ${longest[field]} characters, without U+0000`);
    else block[field] = text;
  }
  const expires = readText(written, "expires", report, at);
  if (expires === undefined) return block;
  const expiresAt = /^\d{4}-\d\d-\d\dT.*(Z|[+-]\d\d:\d\d)$/.test(expires) ? Date.parse(expires) : Number.NaN;
  if (Number.isNaN(expiresAt)) report([...at, "expires"], "INVALID", "expires is a time such as 2026-12-31T17:00:00Z");
  else block.expiresAt = expiresAt;
  return block;
}

function oneOf<Value extends string>(
  written: Shape,
  key: string,
  values: readonly Value[],
  report: Report,
): Value | undefined {
  const text = readText(written, key, report, at);
  const found = values.find((value) => value === text?.toUpperCase());
  if (text !== undefined && !found) report([...at, key], "INVALID", `${key} must be one of ${values.join(", ")}`);
  return found;
}
