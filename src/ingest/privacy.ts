/** What of an event is stored in clear, and what is sealed: decided from the organization's settings alone. */
import { fieldClasses, knownAttributes } from "./classes.ts";
import type { EventDraft, SecurityEvent } from "./event.ts";
import { holdsIdentifier } from "./identifiers.ts";
import { put } from "./json.ts";
import { absoluteKey } from "./url.ts";
import { wholeKey, wholesOf } from "./whole.ts";

export interface Privacy {
  /** Attributes that are neither known nor allowed: kept, sealed, or not stored at all. */
  unknownFields: "KEEP" | "SEAL" | "DROP";
  /** Whose PHI fields are sealed, unknown attributes included: nobody's, those of events that name a patient, or every event's. */
  phiFields: "KEEP" | "PATIENT" | "SEAL";
  /** Attributes that may be stored in clear, by name. */
  allowedAttributes: ReadonlySet<string>;
}

/** The sealed part of an event: the fields that were taken out, at their own places. */
export type Secret = Partial<Pick<EventDraft, "target" | "http" | "message" | "attributes">>;

export interface Split {
  /** The event without what is sealed; the event itself where nothing is. */
  clear: SecurityEvent;
  secret?: Secret;
  /** Paths of what is sealed, e.g. `target.name`. */
  fields: string[];
}

type Bag = Record<string, unknown>;

/** The PHI fields of each group. */
const phiGroups = (["target", "http"] as const).map((group) => ({
  group,
  names: new Set(
    Object.entries(fieldClasses)
      .filter(([path, fieldClass]) => fieldClass === "PHI" && path.startsWith(`${group}.`))
      .map(([path]) => path.slice(group.length + 1)),
  ),
}));

const isKnown = (name: string, { allowedAttributes }: Privacy): boolean =>
  knownAttributes.has(name) || allowedAttributes.has(name);

/** Whether any of these could have something to seal: a cheap look before the costly one. */
export function maySeal(drafts: readonly EventDraft[], { phiFields, unknownFields }: Privacy): boolean {
  if (phiFields === "SEAL" || unknownFields !== "KEEP") return true;
  return phiFields === "PATIENT" && drafts.some((draft) => draft.target?.patientId !== undefined);
}

/**
 * Without the attributes that the organization does not want stored. They are gone before detection, as after a
 * restart. The whole of a text that was cut is the model's, not unknown: else a long beginning would hide the rest. So is
 * what stood before a request's path.
 */
export function dropUnknown(draft: EventDraft, privacy: Privacy): EventDraft {
  if (privacy.unknownFields !== "DROP") return draft;
  const kept = Object.entries(draft.attributes).filter(([name]) => isKnown(name, privacy));
  const wholes = wholesOf(draft);
  if (wholes !== undefined) kept.push([wholeKey, wholes]);
  const origin = draft.attributes[absoluteKey];
  if (origin !== undefined && !isKnown(absoluteKey, privacy)) kept.push([absoluteKey, origin]);
  return { ...draft, attributes: Object.fromEntries(kept) };
}

export function splitEvent(event: SecurityEvent, privacy: Privacy): Split {
  const namesPatient = event.target?.patientId !== undefined;
  const sealPhi = privacy.phiFields === "SEAL" || (privacy.phiFields === "PATIENT" && namesPatient);
  if (!sealPhi && privacy.unknownFields === "KEEP") return { clear: event, fields: [] };
  // What was sent beside the model may hold the same as what is in it, or the whole of a text that was cut.
  const sealUnknown = privacy.unknownFields === "SEAL" || sealPhi;
  const clear = { ...event } as { -readonly [K in keyof SecurityEvent]: SecurityEvent[K] | undefined };
  const secret: Bag = {};
  const fields: string[] = [];
  for (const { group, names } of phiGroups) {
    const holder = event[group] as Bag | undefined;
    if (holder === undefined) continue;
    const [open, taken] = divide(holder, (name, value) => names.has(name) && (sealPhi || holdsIdentifier(value)));
    if (taken === undefined) continue;
    for (const name in taken) fields.push(`${group}.${name}`);
    clear[group] = open;
    secret[group] = taken;
  }
  if (event.message !== undefined && (sealPhi || holdsIdentifier(event.message))) {
    fields.push("message");
    clear.message = undefined;
    secret.message = event.message;
  }
  const [open, taken] = divide(event.attributes, (name, value) => {
    if (sealUnknown && !isKnown(name, privacy)) return true;
    return holdsIdentifier(value, name);
  });
  if (taken !== undefined) {
    fields.push("attributes");
    clear.attributes = open;
    secret.attributes = taken;
  }
  if (fields.length === 0) return { clear: event, fields };
  return { clear: clear as SecurityEvent, secret: secret as Secret, fields };
}

/** The entries that are not to be taken, and those that are; undefined: none is. */
function divide(bag: Bag, isTaken: (name: string, value: unknown) => boolean): [open: Bag, taken: Bag | undefined] {
  const open: Bag = {};
  let taken: Bag | undefined;
  for (const name of Object.keys(bag)) {
    const value = bag[name];
    if (value === undefined || !isTaken(name, value)) put(open, name, value);
    else {
      taken ??= {};
      put(taken, name, value);
    }
  }
  return [open, taken];
}

/** The event as it came: what was sealed is back at its places. */
export function joinEvent(clear: SecurityEvent, secret: Secret): SecurityEvent {
  const whole = { ...clear, attributes: { ...clear.attributes, ...secret.attributes } };
  if (secret.target) whole.target = { ...clear.target, ...secret.target };
  if (secret.http) whole.http = { ...clear.http, ...secret.http };
  if (secret.message !== undefined) whole.message = secret.message;
  return whole;
}
