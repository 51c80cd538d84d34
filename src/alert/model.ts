/**
 * What a template sees of an alert, field by field, and which channels may carry it: PII and PHI leave only on a channel
 * that a business associate agreement covers. The table is the documentation (docs/alert-template.md) and the check.
 */
import { identifiersIn } from "../ingest/identifiers.ts";

export type FieldClass = "SAFE" | "PII" | "PHI";

export interface ModelField {
  class: FieldClass;
  does: string;
  example: unknown;
}

/** What stands where a field is kept back. */
export const withheld = "[withheld]";

const field = (fieldClass: FieldClass, does: string, example: unknown): ModelField => ({
  class: fieldClass,
  does,
  example,
});

/** Fields of one incident; `subjects[].key` is the key of each of the subjects. */
export const incidentFields = {
  number: field("SAFE", "Counts from 1 within the organization.", 42),
  name: field(
    "SAFE",
    "The rule's name, or what Vigil says of itself; no subject.",
    "Many failed log-ins from one address",
  ),
  title: field(
    "PII",
    "The incident's title, which names its subjects.",
    "Many failed log-ins from one address: 203.0.113.7",
  ),
  severity: field("SAFE", "INFO, LOW, MEDIUM, HIGH or CRITICAL.", "HIGH"),
  status: field("SAFE", "OPEN, ACKNOWLEDGED, INVESTIGATING, CONTAINED, RESOLVED, CLOSED or MERGED.", "OPEN"),
  tags: field("SAFE", "Its tags, e.g. attack.t1110.", ["attack.credential-access", "attack.t1110"]),
  threatScore: field("SAFE", "0 to 100.", 71),
  happened: field("SAFE", "What happened, in a sentence without names.", "312 events in 1 detection."),
  explanation: field(
    "PHI",
    "The last detection in words: what was counted, for whom, what the rule asks.",
    "312 failed log-ins for address 203.0.113.7 within 4 minutes",
  ),
  about: field("SAFE", "Whom or what it is about, counted.", "1 address"),
  "subjects[].kind": field("SAFE", "What the subject is, e.g. USER or ADDRESS.", "ADDRESS"),
  "subjects[].key": field("PII", "The user's name, the address, …", "203.0.113.7"),
  eventCount: field("SAFE", "How many events.", 312),
  detectionCount: field("SAFE", "How many detections.", 1),
  firstEventAt: field(
    "SAFE",
    "When it began, in the receiver's or the organization's time zone.",
    "2026-11-24 09:14 UTC",
  ),
  lastEventAt: field("SAFE", "When it was last seen.", "2026-11-24 09:18 UTC"),
  done: field("SAFE", "What Vigil has done already, in a sentence without names.", "Blocked 1 address."),
  "actions[].type": field("SAFE", "An action: BLOCK_IP, SUSPEND_USER, …", "BLOCK_IP"),
  "actions[].status": field("SAFE", "Where it stands, e.g. APPLIED or AWAITING_APPROVAL.", "APPLIED"),
  "actions[].target": field("PII", "Whom or what it was done to.", "203.0.113.7"),
  todo: field(
    "SAFE",
    "What to do now, in a sentence.",
    "Check whether one of the log-ins succeeded; reset that user's password and end their sessions.",
  ),
  url: field(
    "SAFE",
    "The incident's page; empty: this server has no public address.",
    "https://vigil.example/incidents/42",
  ),
} satisfies Record<string, ModelField>;

/** Everything: `incident` is the most severe one, `incidents` up to 32 of them. */
export const modelFields: Record<string, ModelField> = {
  "organization.name": field("SAFE", "The organization.", "Riverside Clinic"),
  "alert.kind": field(
    "SAFE",
    "OPENED, RAISED, REOPENED, BREACHED, RESOLVED, REPEATED, ESCALATED, RESPONSE, TEST, HEARTBEAT or NOTIFICATION.",
    "OPENED",
  ),
  "alert.priority": field("SAFE", "LOW, MEDIUM, HIGH or CRITICAL.", "HIGH"),
  "alert.why": field("SAFE", "Why it is told, in a sentence.", "A new incident."),
  "alert.acknowledgeUrl": field("SAFE", "Where this receiver acknowledges without signing in; empty: nowhere.", ""),
  "counts.alerts": field("SAFE", "How many alerts the message stands for.", 1),
  "counts.incidents": field("SAFE", "How many incidents it is about.", 1),
  "counts.critical": field("SAFE", "How many of them are CRITICAL.", 0),
  "counts.high": field("SAFE", "How many are HIGH.", 1),
  "counts.others": field("SAFE", "How many are less.", 0),
  "counts.notShown": field("SAFE", "How many are not among `incidents`.", 0),
  ...Object.fromEntries(Object.entries(incidentFields).map(([name, one]) => [`incident.${name}`, one])),
  ...Object.fromEntries(Object.entries(incidentFields).map(([name, one]) => [`incidents[].${name}`, one])),
};

export type Scope = Record<string, unknown>;

/** The model with what the channel may not carry left out: `[withheld]` stands there. What the table does not know is left out. */
export function carried(model: Scope, coveredByBaa: boolean): Scope {
  return strip(model, "", coveredByBaa) as Scope;
}

function strip(value: unknown, path: string, covered: boolean): unknown {
  if (Array.isArray(value)) {
    const each = modelFields[path] ? path : `${path}[]`;
    return value.map((one) => strip(one, each, covered));
  }
  if (typeof value === "object" && value !== null) {
    const inner = Object.entries(value).map(([key, one]) => [key, strip(one, path ? `${path}.${key}` : key, covered)]);
    return Object.fromEntries(inner);
  }
  const known = modelFields[path];
  if (known === undefined) return value === null ? null : withheld;
  if (covered) return value;
  if (known.class !== "SAFE") return withheld;
  // Names of rules and tags are written by people: what looks like an identifier in them is one.
  return typeof value === "string" && /\.(name|tags)$/.test(path) ? safe(value) : value;
}

/** The text, unless an identifier seems to be in it. */
export function safe(text: string): string {
  return identifiersIn(text).size > 0 ? withheld : text;
}

/** The table's examples as a model, for previews without an incident. */
export function sampleModel(): Scope {
  const incident = sampleOf("incident.");
  return {
    ...sampleOf("organization.", "organization"),
    ...sampleOf("alert.", "alert"),
    ...sampleOf("counts.", "counts"),
    incident,
    incidents: [incident],
  };
}

function sampleOf(prefix: string, under?: string): Scope {
  const sample: Scope = {};
  for (const [path, { example }] of Object.entries(modelFields)) {
    if (!path.startsWith(prefix)) continue;
    const name = path.slice(prefix.length);
    const [list, inner] = name.split("[].") as [string, string?];
    if (inner === undefined) sample[name] = example;
    else sample[list] = [{ ...((sample[list] as Scope[] | undefined)?.[0] ?? {}), [inner]: example }];
  }
  return under ? { [under]: sample } : sample;
}
