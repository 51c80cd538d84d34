import { setTime } from "./clock.ts";
import type { EventDraft } from "./event.ts";
import { type Group, groupFields, plainFields } from "./fields.ts";
import { type Budget, charge, type JsonObject, keep, storable } from "./json.ts";
import { objectAt, type Read, textLimit } from "./readers.ts";
import { invalidField } from "./refusal.ts";
import { cleanText } from "./text.ts";
import { parseTime } from "./time.ts";

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

/** Fills a draft from Vigil's own "event as sent". Unknown keys, also those inside a group, go to the attributes. */
export function readVigilEvent(input: JsonObject, draft: EventDraft, now: number, budget: Budget): void {
  const target = draft as unknown as JsonObject;
  const sent = input.attributes ?? undefined;
  if (sent !== undefined) {
    draft.attributes = { ...(storable(objectAt(sent, "attributes"), "attributes", budget) as JsonObject) };
  }
  const keys = Object.keys(input);
  charge(budget, keys.length);
  for (const key of keys) {
    const value = input[key];
    if (value === undefined) continue;
    const field = plain.get(key);
    if (field !== undefined) {
      readField(field, value, target, draft);
    } else if (groups.has(key)) {
      if (value !== null) readGroup(key, value, target, draft, budget);
    } else if (key === "time") {
      if (value !== null) readTime(value, draft, now);
    } else if (key !== "attributes" && key !== "action") {
      keep(draft.attributes, key, storable(value, key, budget));
    }
  }
}

function readField(field: Field, value: unknown, target: JsonObject, draft: EventDraft): void {
  if (value === null) return;
  const read = field.read(value, field.path);
  if (read === undefined) return;
  target[field.name] = read;
  if (typeof value === "string" && value.length > textLimit) keepWhole(draft, field, value, read as string);
}

/** Text that was cut to its limit keeps its whole in the attributes. */
function keepWhole(draft: EventDraft, field: Field, value: string, read: string): void {
  if (read.length === value.length) return;
  const cut = (draft.attributes["vigil.truncated"] as JsonObject | undefined) ?? {};
  draft.attributes["vigil.truncated"] = { ...cut, [field.path]: cleanText(value) };
}

function readGroup(group: string, value: unknown, target: JsonObject, draft: EventDraft, budget: Budget): void {
  const fields = groups.get(group) as Map<string, Field>;
  const object = objectAt(value, group);
  let read = target[group] as JsonObject | undefined;
  const keys = Object.keys(object);
  charge(budget, keys.length);
  for (const key of keys) {
    const item = object[key];
    if (item === undefined) continue;
    const field = fields.get(key);
    if (field === undefined) {
      const path = `${group}.${key}`;
      keep(draft.attributes, path, storable(item, path, budget));
    } else {
      read ??= {};
      readField(field, item, read, draft);
    }
  }
  if (read !== undefined && hasKeys(read)) target[group] = read;
}

function hasKeys(object: JsonObject): boolean {
  for (const _ in object) return true;
  return false;
}

function readTime(value: unknown, draft: EventDraft, now: number): void {
  const time = parseTime(value);
  if (time === undefined) throw invalidField("time", "an ISO 8601 time or epoch milliseconds");
  setTime(draft, time, now, value);
}
