/** What of an event is stored in clear, and what is sealed: decided from the organization's settings alone. */
import { fieldClasses, knownAttributes } from "./classes.ts";
import type { EventDraft, SecurityEvent } from "./event.ts";
import { holdsIdentifier, labelled } from "./identifiers.ts";

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

const phiPaths = Object.entries(fieldClasses)
  .filter(([path, fieldClass]) => fieldClass === "PHI" && path !== "attributes")
  .map(([path]) => path.split(".") as [string, string?]);

const isKnown = (name: string, { allowedAttributes }: Privacy): boolean =>
  knownAttributes.has(name) || allowedAttributes.has(name);

/** Whether any of these could have something to seal: a cheap look before the costly one. */
export function maySeal(drafts: readonly EventDraft[], { phiFields, unknownFields }: Privacy): boolean {
  if (phiFields === "SEAL" || unknownFields !== "KEEP") return true;
  return phiFields === "PATIENT" && drafts.some((draft) => draft.target?.patientId !== undefined);
}

/** Without the attributes that the organization does not want stored. They are gone before detection, as after a restart. */
export function dropUnknown(draft: EventDraft, privacy: Privacy): EventDraft {
  if (privacy.unknownFields !== "DROP") return draft;
  const kept = Object.entries(draft.attributes).filter(([name]) => isKnown(name, privacy));
  return { ...draft, attributes: Object.fromEntries(kept) };
}

export function splitEvent(event: SecurityEvent, privacy: Privacy): Split {
  const namesPatient = event.target?.patientId !== undefined;
  const sealPhi = privacy.phiFields === "SEAL" || (privacy.phiFields === "PATIENT" && namesPatient);
  const search = privacy.unknownFields !== "KEEP";
  if (!sealPhi && !search) return { clear: event, fields: [] };
  // What was sent beside the model may hold the same as what is in it, or the whole of a text that was cut.
  const sealUnknown = privacy.unknownFields === "SEAL" || sealPhi;
  const clear = { ...event } as unknown as Bag;
  const secret: Bag = {};
  const fields: string[] = [];
  for (const [first, second] of phiPaths) {
    const holder = second === undefined ? clear : (clear[first] as Bag | undefined);
    const name = second ?? first;
    const value = holder?.[name];
    if (value === undefined || !(sealPhi || holdsIdentifier(value))) continue;
    fields.push(second === undefined ? first : `${first}.${second}`);
    if (second === undefined) {
      secret[first] = value;
      delete clear[first];
    } else {
      secret[first] = { ...(secret[first] as Bag | undefined), [name]: value };
      const { [name]: _taken, ...rest } = holder as Bag;
      clear[first] = rest;
    }
  }
  const sealed = Object.entries(event.attributes).filter(([name, value]) =>
    isKnown(name, privacy) ? search && (holdsIdentifier(value) || labelled(name, value)) : sealUnknown,
  );
  if (sealed.length > 0) {
    fields.push("attributes");
    secret.attributes = Object.fromEntries(sealed);
    const taken = new Set(sealed.map(([name]) => name));
    clear.attributes = Object.fromEntries(Object.entries(event.attributes).filter(([name]) => !taken.has(name)));
  }
  if (fields.length === 0) return { clear: event, fields };
  return { clear: clear as unknown as SecurityEvent, secret: secret as Secret, fields };
}

/** The event as it came: what was sealed is back at its places. */
export function joinEvent(clear: SecurityEvent, secret: Secret): SecurityEvent {
  const whole = { ...clear, attributes: { ...clear.attributes, ...secret.attributes } };
  if (secret.target) whole.target = { ...clear.target, ...secret.target };
  if (secret.http) whole.http = { ...clear.http, ...secret.http };
  if (secret.message !== undefined) whole.message = secret.message;
  return whole;
}
