import { setTime } from "./clock.ts";
import { deriveFromEcs } from "./ecs-derive.ts";
import { type EcsField, ecsCategories, ecsFields, ecsPrefixes } from "./ecs-fields.ts";
import type { EventDraft } from "./event.ts";
import { plainFields } from "./fields.ts";
import { type Budget, isObject, type JsonObject, keep, keepExcess, keepUnknown } from "./json.ts";
import { invalidField } from "./refusal.ts";
import { parseTime } from "./time.ts";

/** A document that has an action or a time where ECS has them, and not where Vigil has its action. */
export function looksLikeEcs(input: JsonObject): boolean {
  if (input["event.action"] !== undefined) return true;
  if (isObject(input.event) && input.event.action !== undefined) return true;
  return input.action === undefined && (input["@timestamp"] !== undefined || isObject(input.event));
}

/** Fills a draft from an ECS document. What was not taken whole stays in the attributes, under its own keys. */
export function readEcsEvent(input: JsonObject, draft: EventDraft, now: number, budget: Budget): void {
  const rest = takeFrom(input, "", draft, budget);
  const flags = draft.attributes;
  draft.attributes = rest ?? {};
  const time = firstOf(input["@timestamp"]) ?? undefined;
  if (time !== undefined) readTimestamp(time, draft, now);
  Object.assign(draft.attributes, flags);
  keepExcess(draft.attributes, budget);
  deriveFromEcs(input, draft);
}

/** One object of the document without what was taken from it; undefined when everything was. */
function takeFrom(object: JsonObject, prefix: string, draft: EventDraft, budget: Budget): JsonObject | undefined {
  const keys = Object.keys(object);
  const rest: JsonObject = {};
  let kept = keys.length === 0;
  for (const key of keys) {
    const value = object[key];
    if (value === undefined) continue;
    const path = prefix + key;
    if (value !== null && take(path, value, draft)) continue;
    if (ecsPrefixes.has(path) && isObject(value)) {
      const left = takeFrom(value, `${path}.`, draft, budget);
      if (left === undefined) continue;
      keep(rest, key, left);
    } else if (!keepUnknown(rest, key, value, budget, path)) continue;
    kept = true;
  }
  return kept ? rest : undefined;
}

/** Reads the value into the typed core. True when nothing of it would be lost by leaving it out of the attributes. */
function take(path: string, value: unknown, draft: EventDraft): boolean {
  const field = ecsFields.get(path);
  if (field !== undefined) return takeField(field, path, value, draft);
  switch (path) {
    case "@timestamp":
      return isWholeTime(Array.isArray(value) && value.length === 1 ? value[0] : value);
    case "event.category":
      return takeCategory(value, draft);
    case "event.outcome":
      return takeOutcome(value, draft);
    case "event.duration":
      return takeDuration(value, draft);
    default:
      return false;
  }
}

function takeField(field: EcsField, path: string, value: unknown, draft: EventDraft): boolean {
  const holder = (field.group === undefined ? draft : (draft[field.group] ?? {})) as JsonObject;
  if (holder[field.name] !== undefined && holder[field.name] !== "") return false; // sent twice: the first counts
  const sent = unwrap(field, value);
  const read = sent === undefined || sent === "" ? undefined : field.read(sent, path);
  if (read === undefined) return false;
  holder[field.name] = read;
  if (field.group !== undefined) (draft as unknown as JsonObject)[field.group] = holder;
  if (field.kind !== "list" && Array.isArray(value) && value.length > 1) return false;
  if (Array.isArray(read) && read.length < (sent as unknown[]).length) return false;
  return !(typeof sent === "string" && typeof read === "string" && field.name !== "ip" && read.length < sent.length);
}

/** In Elasticsearch every field may hold an array, of which null is no part: an empty one says nothing. */
function firstOf(value: unknown): unknown {
  return Array.isArray(value) ? (value as unknown[]).find((one) => one !== null && one !== undefined) : value;
}

/** Numbers and text stand for one another there. Undefined: nothing was sent. */
function unwrap(field: EcsField, value: unknown): unknown {
  if (field.kind === "list") {
    const some = [value].flat().filter((one) => one !== null);
    return some.length === 0 ? undefined : some.map((one) => (typeof one === "number" ? String(one) : one));
  }
  const first = firstOf(value);
  if (field.kind === "text") return typeof first === "number" || typeof first === "boolean" ? String(first) : first;
  return typeof first === "string" && first.trim() !== "" ? Number(first) : first;
}

function takeCategory(value: unknown, draft: EventDraft): boolean {
  const sent = [value].flat().filter((one) => one !== null);
  // Their order says nothing: a log-in over the network is a log-in.
  const logIn = sent.find((one) => typeof one === "string" && one.toLowerCase() === "authentication");
  for (const one of logIn === undefined ? sent : [logIn]) {
    if (typeof one !== "string") throw invalidField("event.category", "a string or an array of strings");
    const category = ecsCategories.get(one.toLowerCase());
    if (category === undefined) continue;
    draft.category = category;
    return sent.length === 1 && category.toLowerCase() === one.toLowerCase();
  }
  return false;
}

function takeOutcome(value: unknown, draft: EventDraft): boolean {
  const first = firstOf(value);
  if (first === undefined) return false;
  if (typeof first !== "string") throw invalidField("event.outcome", "a string");
  if (!/^(?:success|failure|unknown)$/i.test(first)) return false;
  draft.outcome = plainFields.outcome(first, "event.outcome") ?? "UNKNOWN";
  return !(Array.isArray(value) && value.length > 1);
}

/** A time of which an event's, in ms, has all. */
const isWholeTime = (value: unknown): boolean =>
  typeof value === "number" || (typeof value === "string" && !/[.,]\d{4}/.test(value));

function takeDuration(value: unknown, draft: EventDraft): boolean {
  const first = firstOf(value);
  if (first === undefined) return false;
  const nanoseconds = typeof first === "string" && first !== "" ? Number(first) : first;
  if (typeof nanoseconds !== "number" || !(nanoseconds >= 0 && nanoseconds < Number.MAX_SAFE_INTEGER)) {
    throw invalidField("event.duration", "a number of nanoseconds");
  }
  draft.http = { ...draft.http, durationMs: nanoseconds / 1_000_000 + 0 };
  return !(Array.isArray(value) && value.length > 1);
}

function readTimestamp(value: unknown, draft: EventDraft, now: number): void {
  const time = parseTime(value);
  if (time === undefined) throw invalidField("@timestamp", "an ISO 8601 time or epoch milliseconds");
  setTime(draft, time, now, value);
}
