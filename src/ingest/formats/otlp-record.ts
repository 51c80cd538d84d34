/**
 * A log record of OpenTelemetry as an event is sent to Vigil. OpenTelemetry's names of attributes are largely ECS's
 * (user.id, url.path, http.request.method: the two were merged), so a record is read as an ECS document; one whose
 * attributes or body name an `action` is read as an event in Vigil's own shape, as pino's transport sends it. Nothing
 * of a record is left out.
 */
import { createHash } from "node:crypto";
import { canonicalAddress } from "../../address.ts";
import { looksLikeEcs } from "../ecs-event.ts";
import { type Group, groupFields } from "../fields.ts";
import { isObject, type JsonObject, keep } from "../json.ts";
import type { Read } from "../readers.ts";
import { invalidField } from "../refusal.ts";
import { plainAttributes, plainValue } from "./otlp-value.ts";

/** What the records of a scope have in common. */
export interface Origin {
  /** The resource's attributes: which service on which machine. */
  resource: JsonObject;
  /** The instrumentation scope: its name, version and attributes. */
  scope: JsonObject;
}

/** Throws a Refusal that names the field which is not as OTLP has it. */
export function eventOfRecord(record: JsonObject, { resource, scope }: Origin): JsonObject {
  const event = plainAttributes(record.attributes, "attributes");
  const body = plainValue(record.body, "body");
  if (isObject(body)) for (const [key, value] of Object.entries(body)) keep(event, key, value);
  else if (body !== undefined) keep(event, "message", typeof body === "string" ? body : JSON.stringify(body));

  const add = (key: string, value: unknown): void => {
    if (value !== undefined && value !== "" && value !== 0) keep(event, key, value);
  };
  add("log.level", record.severityText);
  add("log.severityNumber", record.severityNumber);
  add("trace.id", record.traceId);
  add("span.id", record.spanId);
  add("trace.flags", record.flags);
  add("otel.eventName", record.eventName);
  add("otel.droppedAttributesCount", record.droppedAttributesCount);
  if (Object.keys(resource).length > 0) keep(event, "resource", resource);
  if (Object.keys(scope).length > 0) keep(event, "scope", scope);

  const observed = milliseconds(record.observedTimeUnixNano, "observedTimeUnixNano");
  const time = milliseconds(record.timeUnixNano, "timeUnixNano") ?? observed;
  const isOwn = typeof event.action === "string" && !looksLikeEcs(event);
  if (time !== undefined && event[isOwn ? "time" : "@timestamp"] === undefined) {
    event[isOwn ? "time" : "@timestamp"] = time;
  }
  if (observed !== undefined && observed !== time) add("otel.observedTime", new Date(observed).toISOString());
  if (isOwn) nest(event);
  else nameAsEcs(event, record.eventName);
  if (event.logsource === undefined && typeof resource["service.name"] === "string") {
    event.logsource = { product: resource["service.name"] };
  }
  const uid = event["log.record.uid"];
  if (typeof uid === "string") event[isOwn ? "id" : "event.id"] ??= uid;
  return event;
}

/** Vigil's own words as OpenTelemetry writes them: `actor.name` in one, for attributes have no objects in most languages. */
function nest(event: JsonObject): void {
  for (const key of Object.keys(event)) {
    const dot = key.indexOf(".");
    const [group, name] = [key.slice(0, Math.max(0, dot)), key.slice(dot + 1)];
    const holder = event[group] ?? {};
    if (!isField(group, name, event[key]) || !isObject(holder) || (holder[name] ?? undefined) !== undefined) continue;
    event[group] = { ...holder, [name]: event[key] };
    delete event[key];
  }
}

/** Whether it is one of Vigil's, and the value of its kind: `http.status: "200 OK"` is another program's word. */
function isField(group: string, name: string, value: unknown): boolean {
  if (!Object.hasOwn(groupFields, group)) return false;
  const readers: Record<string, Read<unknown>> = groupFields[group as Group];
  if (!Object.hasOwn(readers, name)) return false;
  try {
    return readers[name]?.(value, name) !== undefined;
  } catch {
    return false;
  }
}

/** Where OpenTelemetry's word is not ECS's. What is copied stays under its own name, too. */
function nameAsEcs(event: JsonObject, eventName: unknown): void {
  const nested = isObject(event.event) ? event.event : {};
  if (event["event.action"] === undefined && nested.action === undefined) {
    const name = eventName || event["event.name"] || nested.name;
    event["event.action"] = typeof name === "string" ? name : isRequest(event) ? "http.request" : "log";
  }
  const user = event["enduser.id"];
  if (typeof user === "string" && event["user.id"] === undefined && event.user === undefined) event["user.id"] = user;
  const isPlaced = ["source.ip", "source", "client.ip", "client"].some((key) => event[key] !== undefined);
  const address = [event["client.address"], event["source.address"]].find((one) => canonicalAddress(String(one)));
  if (!isPlaced && address !== undefined) event["source.ip"] = address;
}

const isRequest = (event: JsonObject): boolean =>
  event["http.request.method"] !== undefined || event["http.response.status_code"] !== undefined;

/**
 * An exporter that had no answer sends its records again: those of the same time and content are the same. Of a program
 * that guesses, many are equal within one ms, which is all that `json` tells of the time: the record's own tells more.
 */
export function identify(record: JsonObject, event: JsonObject, json: string, seen: Map<string, number>): void {
  const isOwn = typeof event.action === "string" && !looksLikeEcs(event);
  const nested = isObject(event.event) ? event.event : {};
  if (event[isOwn ? "time" : "@timestamp"] === undefined) return;
  if ((isOwn ? event.id : (event["event.id"] ?? nested.id)) !== undefined) return;
  const { timeUnixNano = "", observedTimeUnixNano = "" } = record;
  const precise = Number(timeUnixNano) === 0 ? observedTimeUnixNano : timeUnixNano;
  const hash = createHash("sha256").update(`${precise} ${json}`).digest("base64url").slice(0, 27);
  const before = seen.get(hash) ?? 0; // equal ones within a request are several
  seen.set(hash, before + 1);
  event[isOwn ? "id" : "event.id"] = `otlp:${hash}:${before}`;
}

function milliseconds(nanoseconds: unknown, path: string): number | undefined {
  if (nanoseconds === undefined || nanoseconds === null || nanoseconds === "" || Number(nanoseconds) === 0) {
    return undefined;
  }
  if (!/^\d{1,20}$/.test(String(nanoseconds)) && !Number.isInteger(nanoseconds)) {
    throw invalidField(path, "a number of nanoseconds");
  }
  return Math.floor(Number(BigInt(nanoseconds as string) / 1_000n) / 1_000);
}
