/**
 * The event model: one thing that happened in a monitored application, as every later stage sees it.
 *
 * `attributes` holds what was sent beyond the typed core, untouched; the typed core is normalised (ECS names in
 * comments). Times are epoch milliseconds. Addresses are canonical text. An absent value is an absent key.
 */
import type { Enrichment } from "./enrichment.ts";

export const eventCategories = [
  "AUTHENTICATION",
  "AUTHORIZATION",
  "ACCESS",
  "DATA",
  "CONFIGURATION",
  "NETWORK",
  "WEB",
  "PROCESS",
  "OTHER",
] as const;
export type EventCategory = (typeof eventCategories)[number];

export const eventOutcomes = ["SUCCESS", "FAILURE", "UNKNOWN"] as const;
export type EventOutcome = (typeof eventOutcomes)[number];

export const severities = ["INFO", "LOW", "MEDIUM", "HIGH", "CRITICAL"] as const;
export type Severity = (typeof severities)[number];

/** Sigma's logsource: which product, service and category produced the event. */
export interface Logsource {
  product?: string;
  service?: string;
  category?: string;
}

/** An event before it was accepted: what a parser or a client hands in, validated and normalised, without our id. */
export interface EventDraft {
  /** The client's own id: the deduplication key within the organization (at most 200 characters). */
  clientId?: string;
  /** When it happened (event.created / @timestamp), epoch ms. Absent: the time of arrival. */
  time?: number;
  logsource: Logsource;
  /** event.action, e.g. `login`, `record.read`. */
  action: string;
  /** event.category */
  category: EventCategory;
  /** event.outcome */
  outcome: EventOutcome;
  /** The sender's own severity, where it gave one. */
  severity?: Severity;
  /** user.* */
  actor?: { id?: string; name?: string; email?: string; roles?: string[] };
  /** source.* ; `ip` is canonical IPv4 or IPv6 text. */
  source?: { ip?: string; port?: number; country?: string; city?: string; lat?: number; lon?: number };
  /** user_agent.original */
  userAgent?: string;
  /** device.id */
  device?: string;
  /** session.id */
  sessionId?: string;
  /** What was acted upon; `patientId` marks an access to a patient's record (PHI). */
  target?: { type?: string; id?: string; name?: string; patientId?: string };
  /** http.* and url.* */
  http?: {
    method?: string;
    path?: string;
    query?: string;
    status?: number;
    bytes?: number;
    durationMs?: number;
    referrer?: string;
    host?: string;
  };
  /** message: the original text, e.g. the log line without its prefix. */
  message?: string;
  /** Everything else that was sent, untouched: JSON values, dotted or nested keys as they came. */
  attributes: Record<string, unknown>;
}

/** What a behaviour rule found in an event when it arrived. */
export interface StoredFinding {
  /** Of the rule. */
  revision: number;
  /** For people. */
  reason: string;
  /** Whom it is about, the first being its group. */
  subjects: { kind: string; key: string }[];
  /** It opens no incident by itself. */
  weak?: true;
}

/** An accepted event. Immutable, but for what detection finds in it before it is stored. */
export interface SecurityEvent extends EventDraft {
  /** UUIDv7 whose time part is `receivedAt`, so that ids sort by arrival and name their day partition. */
  id: string;
  time: number;
  /** When Vigil received it, epoch ms. */
  receivedAt: number;
  /** What Vigil added on arrival; absent: of an event from before there was any, or with nothing to add. */
  enrichment?: Enrichment;
  /** What behaviour rules found, by rule id, stored with the event: a replay finds what was found at the time. Absent: nothing. */
  behaviour?: Readonly<Record<string, StoredFinding>>;
}

/** One event that was refused, and why. `index` counts from 0 in the batch as it was sent. */
export interface Rejection {
  index: number;
  /** e.g. `INVALID_JSON`, `INVALID_FIELD`, `MISSING_ACTION`, `UNPARSED_LINE`, `TOO_LARGE`, `NOT_STORABLE`. */
  code: string;
  /** Names the field and what is wrong with it; never repeats a value. */
  message: string;
}
