import { setTime } from "./clock.ts";
import type { EventDraft } from "./event.ts";
import { type Group, groupFields, plainFields } from "./fields.ts";
import { type Budget, type JsonObject, keepExcess, keepUnknown, storableBag } from "./json.ts";
import { objectAt, type Read, shortestCut } from "./readers.ts";
import { invalidField } from "./refusal.ts";
import { cleanText } from "./text.ts";
import { parseTime } from "./time.ts";
import { keepWhole } from "./whole.ts";

interface Field {
  /** Where it is stored: a name in the draft, or in the group's object. */
  name: string;
  path: string;
  read: Read<unknown>;
}

// Maps, not objects: a sent key such as `constructor` must not find anything.
const plain = fieldMap(plainFields, "");
plain.set("id", { ...(plain.get("clientId") as Field), path: "id" });
plain.delete("clientId");
plain.delete("action"); // read first: without it there is no draft

const groups = new Map<string, Map<string, Field>>();
for (const group of Object.keys(groupFields) as Group[]) groups.set(group, fieldMap(groupFields[group], `${group}.`));

function fieldMap(readers: object, prefix: string): Map<string, Field> {
  return new Map(Object.entries(readers).map(([name, read]) => [name, { name, path: prefix + name, read }]));
}

/**
 * Fills a draft from Vigil's own "event as sent". Unknown keys, also those inside a group, go to the attributes. What needs
 * no change is taken over, not copied: this is the hot path, and the input is not used again.
 */
export function readVigilEvent(input: JsonObject, draft: EventDraft, now: number, budget: Budget): void {
  const target = draft as unknown as JsonObject;
  const sent = input.attributes ?? undefined;
  if (sent !== undefined) draft.attributes = { ...storableBag(objectAt(sent, "attributes"), "attributes", budget) };
  for (const key in input) {
    const value = input[key];
    if (value === undefined) continue;
    const field = plain.get(key);
    if (field !== undefined) {
      const read = value === null ? undefined : readField(field, value, draft);
      if (read !== undefined) target[field.name] = read;
      continue;
    }
    const fields = groups.get(key);
    if (fields !== undefined) {
      const read = value === null ? undefined : readGroup(key, fields, objectAt(value, key), draft, budget);
      if (read !== undefined) target[key] = read;
    } else if (key === "time") {
      if (value !== null) readTime(value, draft, now);
    } else if (key !== "attributes" && key !== "action") {
      keepUnknown(draft.attributes, key, value, budget);
    }
  }
  // Shippers such as Logstash write it into what they carry.
  const carried = draft.time === undefined ? parseTime(input["@timestamp"]) : undefined;
  if (carried !== undefined) setTime(draft, carried, now, input["@timestamp"]);
  keepExcess(draft.attributes, budget);
}

function readField(field: Field, value: unknown, draft: EventDraft): unknown {
  const read = field.read(value, field.path);
  const isCut = typeof value === "string" && value.length > shortestCut && (read as string).length < value.length;
  if (isCut) keepWhole(draft, field.path, cleanText(value));
  const isShortened = Array.isArray(value) && (read as unknown[]).length < value.length;
  if (isShortened) keepWhole(draft, field.path, value.map(cleanText));
  return read;
}

/** The group as sent where every value is stored as it is; else a new one; undefined for an empty one. */
function readGroup(
  group: string,
  fields: Map<string, Field>,
  sent: JsonObject,
  draft: EventDraft,
  budget: Budget,
): JsonObject | undefined {
  let count = 0;
  let changed = Object.getPrototypeOf(sent) !== Object.prototype;
  for (const key in sent) {
    count++;
    const value = sent[key];
    const field = fields.get(key);
    if (field === undefined || value === null || value === undefined) changed = true;
    else changed = !Object.is(field.read(value, field.path), value) || changed;
  }
  if (count === 0) return undefined;
  return changed ? copyGroup(group, fields, sent, draft, budget) : sent;
}

function copyGroup(
  group: string,
  fields: Map<string, Field>,
  sent: JsonObject,
  draft: EventDraft,
  budget: Budget,
): JsonObject | undefined {
  const copy: JsonObject = {};
  let empty = true;
  for (const key of Object.keys(sent)) {
    const value = sent[key];
    const field = fields.get(key);
    if (value === undefined || (value === null && field !== undefined)) continue;
    if (field === undefined) {
      keepUnknown(draft.attributes, `${group}.${key}`, value, budget);
      continue;
    }
    const read = readField(field, value, draft);
    if (read === undefined) continue;
    copy[key] = read;
    empty = false;
  }
  return empty ? undefined : copy;
}

function readTime(value: unknown, draft: EventDraft, now: number): void {
  const time = parseTime(value);
  if (time === undefined) throw invalidField("time", "an ISO 8601 time or epoch milliseconds");
  setTime(draft, time, now, value);
}
