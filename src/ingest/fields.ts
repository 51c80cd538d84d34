import type { EventDraft, Logsource } from "./event.ts";
import { eventCategories, eventOutcomes, severities } from "./event.ts";
import { address, integer, message, name, number, oneOf, type Readers, roles, text, user } from "./readers.ts";

/** What each field of the typed core accepts. Both shapes that clients send (Vigil's own and ECS) read through here. */

export const plainFields: Readers<
  Pick<
    EventDraft,
    "clientId" | "action" | "category" | "outcome" | "severity" | "userAgent" | "device" | "sessionId" | "message"
  >
> = {
  clientId: name,
  action: name,
  category: oneOf(eventCategories),
  outcome: oneOf(eventOutcomes),
  severity: oneOf(severities),
  userAgent: text,
  device: text,
  sessionId: text,
  message,
};

const logsource: Readers<Logsource> = { product: text, service: text, category: text };

const actor: Readers<NonNullable<EventDraft["actor"]>> = { id: user, name: user, email: user, roles };

const source: Readers<NonNullable<EventDraft["source"]>> = {
  ip: address,
  port: integer(0, 65_535),
  country: text,
  city: text,
  lat: number(-90, 90),
  lon: number(-180, 180),
};

const target: Readers<NonNullable<EventDraft["target"]>> = { type: text, id: text, name: text, patientId: text };

const http: Readers<NonNullable<EventDraft["http"]>> = {
  method: text,
  path: text,
  query: text,
  status: integer(0, 999), // 0 and 000 are written for a connection that got no answer
  bytes: integer(0, Number.MAX_SAFE_INTEGER),
  durationMs: number(0, Number.MAX_SAFE_INTEGER),
  referrer: text,
  host: text,
};

export const groupFields = { logsource, actor, source, target, http };
export type Group = keyof typeof groupFields;
