/** A finding as it is stored with its event: it is shown to people who may not see what is sealed. */
import type { SecurityEvent, StoredFinding } from "../../ingest/event.ts";
import { cleanText } from "../../ingest/text.ts";
import type { Disguise } from "../correlation/disguise.ts";
import type { Finding } from "./behaviour-detector.ts";
import { userOf } from "./deeds.ts";
import { serviceOf } from "./entity-of.ts";

export function storedFinding(
  event: SecurityEvent,
  { reason, subjects: named, weak }: Finding,
  revision: number,
  disguise: Disguise,
): StoredFinding {
  const subjects: StoredFinding["subjects"] = named ?? defaultSubjects(event);
  const sealed = sealedTexts(event, disguise.clearOf(event));
  const base = { revision, ...(weak ? { weak } : {}) };
  // A name that a reason cuts off may end in half a character, which PostgreSQL refuses with the whole batch.
  if (sealed.length === 0) return { ...base, reason: cleanText(reason), subjects };
  return {
    ...base,
    reason: cleanText(sealed.reduce((told, text) => told.replaceAll(text, "…"), reason)),
    subjects: subjects.map(({ kind, key }) => ({ kind, key: sealed.includes(key) ? disguise.pseudonym(key) : key })),
  };
}

function defaultSubjects(event: SecurityEvent): StoredFinding["subjects"] {
  const user = userOf(event);
  if (user !== undefined) return [{ kind: "USER", key: user }];
  if (event.source?.ip !== undefined) return [{ kind: "ADDRESS", key: event.source.ip }];
  return [{ kind: "SERVICE", key: serviceOf(event) ?? "any" }];
}

const shortest = 3; // characters: less than that gives nobody away, and stands in every other word

/** The texts of an event that are stored sealed, the longest first. */
function sealedTexts(event: SecurityEvent, clear: SecurityEvent): string[] {
  if (clear === event) return [];
  const open = new Set(textsIn(clear));
  const sealed = new Set(textsIn(event).filter((text) => text.length >= shortest && !open.has(text)));
  return [...sealed].sort((one, other) => other.length - one.length);
}

function textsIn({ target, http, message, attributes }: SecurityEvent): string[] {
  const found: string[] = [];
  const look = (value: unknown): void => {
    if (typeof value === "string" || typeof value === "number") found.push(String(value));
    else if (typeof value === "object" && value !== null) for (const inner of Object.values(value)) look(inner);
  };
  for (const part of [target, http, message, attributes]) look(part);
  return found;
}
