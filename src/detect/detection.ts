/** What detection hands on: one match of a rule for one subject. Stored in `detections`. */

import type { SecurityEvent, Severity } from "../ingest/event.ts";

export const ruleModes = ["ACTIVE", "MONITOR", "DISABLED"] as const;
/** ACTIVE opens incidents; MONITOR records what it would have done; DISABLED is not evaluated. */
export type RuleMode = (typeof ruleModes)[number];

export const subjectKinds = ["ADDRESS", "USER", "HOST", "SESSION", "DEVICE", "PATIENT", "SERVICE", "OTHER"] as const;
export type SubjectKind = (typeof subjectKinds)[number];

/** Whom or what a detection is about, taken from its group-by values (or, for a plain rule, from its event). */
export interface Subject {
  kind: SubjectKind;
  key: string;
}

/** A stored rule as detection needs it: one Sigma document. */
export interface StoredRule {
  /** The `alert_rules` row. */
  id: string;
  revision: number;
  mode: RuleMode;
  /** One Sigma document (detection rule or correlation) as YAML. */
  yaml: string;
  /** Events of one fingerprint that lie no further apart belong to one detection, ms. Absent: the rule's own window. */
  throttleMs?: number;
  /** Instead of the document's level. */
  severity?: Severity;
  /** Instead of the document's tags. */
  tags?: readonly string[];
  /** What it is not to find. */
  exceptions?: readonly StoredException[];
}

/** A Sigma filter on one rule. It holds for events by their arrival, so that a replay finds what was found at the time. */
export interface StoredException {
  id: string;
  /** One Sigma filter document. */
  yaml: string;
  /** From which arrival on, epoch ms. */
  from: number;
  /** Before which arrival, epoch ms. Absent: it does not end. */
  until?: number;
}

/**
 * What one batch added to one episode of a rule for one group. An episode starts with the event that makes the rule
 * fire and goes on while later events keep it firing, so a storm is one detection that grows.
 */
export interface DetectionDraft {
  /** Deterministic (UUIDv5 of rule id, fingerprint and the earliest event in it when it opened): the same input gives the same. */
  id: string;
  ruleId: string;
  ruleRevision: number;
  ruleName: string;
  mode: RuleMode;
  severity: Severity;
  tags: string[];
  /** SHA-256 hex (first 32 characters) of rule id + group-by values: what incidents are gathered by. */
  fingerprint: string;
  subjects: Subject[];
  /** True when this batch started the episode; false when it continues one. */
  opened: boolean;
  /** Event times, epoch ms, over the whole episode so far. */
  firstEventAt: number;
  lastEventAt: number;
  /** Events of the whole episode so far (for a correlation: those in the window when it fired, then every further one). */
  eventCount: number;
  /** At most 20 ids of contributing events, oldest first. */
  eventIds: string[];
  /** For people: "11 failures for ann in 4 m 10 s; the rule fires at 10 in 5 m". */
  explanation: string;
  /** By itself it opens no incident and only counts for the threat score. */
  weak?: boolean;
  /** It fires only at the lower threshold of whom somebody watches. */
  lowered?: boolean;
}

export type { SecurityEvent };
