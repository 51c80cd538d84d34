/** Whom an event is about: the keys under which profiles are kept. */
import type { SecurityEvent } from "../../ingest/event.ts";
import type { Disguise } from "../correlation/disguise.ts";
import { isResetAsked, userOf } from "./deeds.ts";
import type { ProfileKind } from "./facet.ts";

/** All kinds in one order, so that every event's have one shape; undefined: the event is about none of that kind. */
export type EntityKeys = Record<ProfileKind, string | undefined>;

export function ofEachKind<Value>(make: (kind: ProfileKind) => Value): Record<ProfileKind, Value> {
  return {
    USER: make("USER"),
    ADDRESS: make("ADDRESS"),
    API_KEY: make("API_KEY"),
    SERVICE: make("SERVICE"),
    PATIENT: make("PATIENT"),
    ROLE: make("ROLE"),
    ORGANIZATION: make("ORGANIZATION"),
  };
}

const longestKey = 1_024; // bytes, as the table has it; who has a longer name has no profile

/** Kept whether or not a facet asks for them: for these people want to know when they were seen first and last. */
const always: readonly ProfileKind[] = ["USER", "ADDRESS", "API_KEY", "SERVICE"];

/** Made by any event. */
const madeByAny: readonly ProfileKind[] = ["SERVICE", "ORGANIZATION"];

/** What anybody may ask for under any name. */
const openToAll = /reset|forgot|recover|sign[-_. ]?up|regist|challenge/i;

/**
 * Whether an event makes a row for somebody new: not by a failure, nor by a request of somebody without an account, or
 * whoever makes names up would fill the table. Not every application tells outcomes: without one an event makes a row
 * unless it asks for what is open to all, or is about getting in and has neither a session nor an API key.
 */
export function mayMake(kind: ProfileKind, event: SecurityEvent): boolean {
  if (madeByAny.includes(kind)) return true;
  if (event.outcome === "FAILURE" || isResetAsked(event)) return false;
  if (event.outcome === "SUCCESS") return true;
  if (openToAll.test(event.action)) return false;
  return event.category !== "AUTHENTICATION" || event.sessionId !== undefined || apiKeyIn(event) !== undefined;
}

const keys: Record<ProfileKind, (event: SecurityEvent, disguise: Disguise) => string | undefined> = {
  USER: userOf,
  // Of those who only read pages there are very many, and nothing is learned of them.
  ADDRESS: (event) =>
    event.category === "AUTHENTICATION" || userOf(event) !== undefined ? event.source?.ip : undefined,
  API_KEY: apiKeyOf,
  SERVICE: serviceOf,
  PATIENT: ({ target }, { pseudonym }) => (target?.patientId === undefined ? undefined : pseudonym(target.patientId)),
  ROLE: ({ actor }) => actor?.roles?.[0],
  ORGANIZATION: () => "",
};

/** The log source as `product/service/category`, without what is not told; undefined: nothing is. */
export function serviceOf({ logsource: { product, service, category } }: SecurityEvent): string | undefined {
  return [product, service, category].filter(Boolean).join("/") || undefined;
}

function apiKeyOf(event: SecurityEvent, { clearOf, pseudonym }: Disguise): string | undefined {
  const id = apiKeyIn(event);
  return id === undefined || id === apiKeyIn(clearOf(event)) ? id : pseudonym(id);
}

function apiKeyIn({ attributes }: SecurityEvent): string | undefined {
  const nested = (attributes.api_key ?? attributes.apiKey) as { id?: unknown } | null | undefined;
  const id = attributes["api_key.id"] ?? attributes["apiKey.id"] ?? nested?.id;
  return typeof id === "string" || typeof id === "number" ? String(id) : undefined;
}

/** A reader of the entities that an event touches, of the kinds that have facets and of those that are always kept. */
export function entityReader(
  withFacets: ReadonlySet<ProfileKind>,
  disguise: Disguise,
): (event: SecurityEvent) => EntityKeys {
  const isKept = ofEachKind((kind) => withFacets.has(kind) || always.includes(kind));
  return (event) =>
    ofEachKind((kind) => {
      const key = isKept[kind] ? keys[kind](event, disguise) : undefined;
      if (key === undefined) return undefined;
      return key.length * 3 <= longestKey || Buffer.byteLength(key) <= longestKey ? key : undefined;
    });
}
