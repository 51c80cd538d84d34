/** A rule that is ready to run: what a rule set is made of. */
import type { SecurityEvent } from "../ingest/event.ts";
import type { GroupOf } from "./correlation/group.ts";
import type { StoredRule, Subject } from "./detection.ts";
import type { Matches } from "./sigma/compile.ts";
import type { CorrelationDocument, DetectionDocument } from "./sigma/document.ts";
import type { Requirements } from "./sigma/requirements.ts";
import type { WindowSpec } from "./windows/windows.ts";

/** A detection rule, and who is told of its matches. */
export interface SelectionRule {
  stored: StoredRule;
  document: DetectionDocument;
  matches: Matches;
  requirements: Requirements;
  /** Absent: it only serves correlations, or is disabled. */
  own?: { window: WindowSpec; subjects: (event: SecurityEvent) => Subject[] };
  counters: Counter[];
}

/** One correlation that counts the matches of one detection rule. */
export interface Counter {
  window: WindowSpec;
  groupOf: GroupOf;
  /** value_count: what is counted. */
  countedOf?: GroupOf;
}

/** A rule that makes detections: what is needed to tell people about them. */
export interface FiringRule {
  stored: StoredRule;
  document: DetectionDocument | CorrelationDocument;
  window: WindowSpec;
  /** Titles of the rules whose matches are counted. */
  counts: string[];
}
