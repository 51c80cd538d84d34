/** A rule that is ready to run: what a rule set is made of. */
import type { Logsource, SecurityEvent } from "../ingest/event.ts";
import type { GroupOf } from "./correlation/group.ts";
import type { StoredRule, Subject } from "./detection.ts";
import type { Matches } from "./sigma/compile.ts";
import type { CorrelationDocument, SelectionDocument } from "./sigma/document.ts";
import type { Requirements } from "./sigma/requirements.ts";
import type { WindowSpec } from "./windows/windows.ts";

/** What an event must have for a rule to match at all: by this the index finds it. */
export interface Asks {
  logsource: Logsource;
  requirements: Requirements;
  /** Where nothing is required of any one field: one of these must be so. */
  anyOf?: Requirements | undefined;
}

/** A detection or behaviour rule, and who is told of its matches. */
export interface SelectionRule {
  stored: StoredRule;
  document: SelectionDocument;
  matches: Matches;
  asks: Asks;
  /** Absent: it only serves correlations, or is disabled. */
  own?: { window: WindowSpec; subjects: (event: SecurityEvent) => Subject[] };
  counters: Counter<SecurityEvent>[];
}

/** One correlation that counts the matches of one rule; `Source` is what a match is: an event, or a detection. */
export interface Counter<Source> {
  window: WindowSpec;
  groupOf: GroupOf<Source>;
  /** What is counted or looked for; a match without it is not counted. */
  countedOf?: GroupOf<Source>;
  /** What is added up; a match without a number is not counted. */
  numberOf?: (source: Source) => number | undefined;
  /** Nobody may be told the number. */
  isSealed?: (source: Source) => boolean;
}

/** What one correlation hands to another: the group of its detection, and the event that made it fire. */
export interface InnerDetection {
  group: string;
  origin: SecurityEvent;
}

/** A correlation that counts the detections of another. */
export interface ChainedCounter extends Counter<InnerDetection> {
  /** Each time that the inner one fires, not only the opening of its detection: what comes last in a storm counts for an order. */
  everyFiring: boolean;
}

/** A rule that makes detections: what is needed to tell people about them. */
export interface FiringRule {
  stored: StoredRule;
  document: SelectionDocument | CorrelationDocument;
  window: WindowSpec;
  /** Titles of the rules whose matches are counted, in the order of the list. */
  counts: string[];
  /** Who counts its detections. */
  chained: ChainedCounter[];
  /** It only serves correlations: its detections are not told. */
  silent: boolean;
}
