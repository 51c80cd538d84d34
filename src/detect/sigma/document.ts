/**
 * A Sigma document after parsing: what was written, checked, and nothing compiled yet.
 *
 * Words: a *selection* is a named part of `detection`; a *clause* is one `field|modifiers: values` line of it; a *test*
 * is one value of a clause with its modifiers applied.
 */
import type { Logsource, Severity } from "../../ingest/event.ts";
import type { Bounds } from "../correlation/condition.ts";
import type { Cidr } from "./cidr.ts";
import type { Pattern, Piece } from "./pattern.ts";
import type { VigilBlock } from "./vigil-block.ts";

/** INVALID: the text breaks the specification. UNSUPPORTED: it is good Sigma that Vigil cannot evaluate (yet). */
export type RuleErrorCode = "INVALID" | "UNSUPPORTED";

/** Why a part of a document cannot be used; where it stands is known to whoever reads it. */
export interface Refusal {
  code: RuleErrorCode;
  message: string;
}

export interface RuleError {
  /** Counts from 0. */
  document: number;
  /** Counts from 1, in the whole file. */
  line: number;
  /** Where in the document, e.g. `detection.selection.CommandLine|re`. */
  path: string;
  code: RuleErrorCode;
  message: string;
}

export type Test =
  | { kind: "TEXT"; pattern: Pattern; cased: boolean }
  | { kind: "NUMBER"; value: number }
  | { kind: "BOOLEAN"; value: boolean }
  | { kind: "NULL" }
  | { kind: "EXISTS"; value: boolean }
  | { kind: "COMPARE"; operator: "lt" | "lte" | "gt" | "gte"; value: number }
  | { kind: "CIDR"; cidr: Cidr }
  /** `flags` of i, m, s. Matches anywhere in the text. */
  | { kind: "REGEX"; source: string; flags: string }
  /** `fieldref`: against the value of another field of the same event. */
  | { kind: "FIELDREF"; field: string; place?: "contains" | "startswith" | "endswith"; cased: boolean }
  | { kind: "TIME"; part: TimePart; operator: "eq" | "lt" | "lte" | "gt" | "gte"; value: number }
  /** One written value that stands for several, e.g. by `base64offset`: any of them. */
  | { kind: "ANY"; tests: Test[] }
  /** A text with the values of other fields of the same event in it. */
  | { kind: "FILLED"; pieces: (Piece | { field: string })[]; cased: boolean }
  /** `expand`: what the value means is known when the organization's placeholder lists are; `key` has its modifiers. */
  | { kind: "EXPAND"; template: (string | { placeholder: string })[]; key: string };

export type TimePart = "minute" | "hour" | "day" | "week" | "month" | "year";

export interface Clause {
  /** Absent: keywords, looked for in the whole event. */
  field?: string;
  tests: Test[];
  /** `all`: every test must hold, instead of any. */
  all: boolean;
  /** `neq`: the field is there and no test holds. */
  negated: boolean;
}

/** Any of the alternatives; within one, every clause. */
export type Selection = Clause[][];

export type Condition =
  | { kind: "AND" | "OR"; parts: Condition[] }
  | { kind: "NOT"; part: Condition }
  | { kind: "SELECTION"; name: string };

export interface DetectionBody {
  selections: ReadonlyMap<string, Selection>;
  condition: Condition;
}

export const correlationTypes = [
  "event_count",
  "value_count",
  "temporal",
  "temporal_ordered",
  "value_sum",
  "value_avg",
  "value_percentile",
] as const;
export type CorrelationType = (typeof correlationTypes)[number];

export interface CorrelationBody {
  type: CorrelationType;
  /** Ids or names of the rules whose matches are counted. */
  rules: string[];
  groupBy: string[];
  timespanMs: number;
  /** Of the count of events, values or rules, or of the number. */
  condition: Bounds;
  /** temporal, temporal_ordered: a condition over `rules`, which is asked instead of the bounds; and its text. */
  expression?: { condition: Condition; text: string };
  /** value_count: the fields whose distinct values (tuples, if several) are counted. value_sum and the like: the one. */
  fields: string[];
  /** value_percentile: 0-100. */
  percentile?: number;
  /** alias -> rule id or name -> field. */
  aliases: ReadonlyMap<string, ReadonlyMap<string, string>>;
  /** Whether the referred rules make detections of their own too. */
  generate: boolean;
}

/** What the matches of other rules must fulfil as well. */
export interface FilterBody extends DetectionBody {
  /** Ids or names of the rules. Empty: none is named. */
  rules: string[];
  /** It is for every rule of its logsource. */
  onAny: boolean;
}

/** A behaviour detector with parameters. */
export interface BehaviourBody {
  detector: string;
  /** Those that the document gives; the others are as the detector has them. */
  parameters: Readonly<Record<string, number | boolean | readonly string[]>>;
}

interface Header {
  /** Position in the file, from 0, and its first line, from 1. */
  document: number;
  line: number;
  title: string;
  sigmaId?: string;
  /** What correlations may refer to it by. */
  name?: string;
  severity: Severity;
  status?: string;
  description?: string;
  author?: string;
  tags: string[];
  references: string[];
  falsepositives: string[];
  /** Empty for a correlation and for behaviour. Lower case. */
  logsource: Logsource;
  /** What the file says of Vigil's own settings. */
  vigil?: VigilBlock;
  /** This document alone, without its `vigil` part. */
  yaml: string;
}

export type DetectionDocument = Header & { kind: "DETECTION"; body: DetectionBody };
export type CorrelationDocument = Header & { kind: "CORRELATION"; body: CorrelationBody };
export type FilterDocument = Header & { kind: "FILTER"; body: FilterBody };
export type BehaviourDocument = Header & { kind: "BEHAVIOUR"; body: BehaviourBody };
/** A rule that judges events one by one. */
export type SelectionDocument = DetectionDocument | BehaviourDocument;
export type ParsedDocument = SelectionDocument | CorrelationDocument | FilterDocument;
export type DocumentHeader = Header;
