/** OTLP: the log records of a request that an OpenTelemetry exporter or Collector sends, or of a line of its files. */
import { type BatchItem, batchLimit, eventLimit } from "../batch.ts";
import { isObject, type JsonObject } from "../json.ts";
import { invalidField, Refusal } from "../refusal.ts";
import { validateEvent } from "../validate.ts";
import { type LogFormat, unparsed } from "./format.ts";
import { eventOfRecord, identify } from "./otlp-record.ts";
import { listAt, plainAttributes } from "./otlp-value.ts";

/**
 * The records of an ExportLogsServiceRequest as events, each as it is to be validated or the reason why it cannot be
 * read. Throws a Refusal where the request itself is not as OTLP has it.
 */
export function recordsOf(request: unknown): BatchItem[] {
  if (!isObject(request)) throw new Refusal("INVALID_EVENT", "a request must be an ExportLogsServiceRequest");
  const items: BatchItem[] = [];
  const seen = new Map<string, number>();
  for (const ofResource of objectsAt(request.resourceLogs, "resourceLogs")) {
    const resource = attributesOf(ofResource.resource, "resource");
    for (const ofScope of objectsAt(ofResource.scopeLogs, "scopeLogs")) {
      const { name, version } = isObject(ofScope.scope) ? ofScope.scope : ({} as JsonObject);
      const attributes = attributesOf(ofScope.scope, "scope");
      const scope = { ...(name ? { name } : {}), ...(version ? { version } : {}), ...attributes };
      for (const record of objectsAt(ofScope.logRecords, "logRecords")) {
        if (items.length === batchLimit)
          throw new Refusal("TOO_LARGE", `a request may have at most ${batchLimit} records; send it in parts`);
        items.push(itemOf(items.length, record, { resource, scope }, seen));
      }
    }
  }
  return items;
}

function itemOf(
  index: number,
  record: JsonObject,
  origin: Parameters<typeof eventOfRecord>[1],
  seen: Map<string, number>,
): BatchItem {
  try {
    const value = eventOfRecord(record, origin);
    const json = JSON.stringify(value);
    if (Buffer.byteLength(json) > eventLimit) {
      return { index, code: "TOO_LARGE", message: `a record may be at most ${eventLimit} bytes of JSON` };
    }
    identify(record, value, json, seen);
    return { index, value };
  } catch (refusal) {
    if (refusal instanceof Refusal) return refusal.at(index);
    throw refusal;
  }
}

function attributesOf(holder: unknown, path: string): JsonObject {
  if (holder === undefined || holder === null) return {};
  if (!isObject(holder)) throw invalidField(path, "an object");
  return plainAttributes(holder.attributes, `${path}.attributes`);
}

function objectsAt(value: unknown, path: string): JsonObject[] {
  return listAt(value, path).map((one) => {
    if (!isObject(one)) throw invalidField(path, "a list of objects");
    return one;
  });
}

export const otlp: LogFormat = {
  name: "otlp",
  description: "NDJSON of OTLP log requests, as the Collector's file exporter writes them",
  longestLine: 52_428_800, // 50 MiB: a line holds a batch
  parser: ({ now }) => {
    return (line, lineNumber) => {
      const index = lineNumber - 1;
      let items: BatchItem[];
      try {
        items = recordsOf(JSON.parse(line));
      } catch (error) {
        return error instanceof Refusal ? { rejection: error.at(index) } : unparsed(lineNumber, "a JSON document");
      }
      const read = items.map((item) => ("value" in item ? validateEvent(item.value, index, now) : { rejection: item }));
      return {
        events: read.flatMap((one) => ("event" in one ? [one.event] : [])),
        rejections: read.flatMap((one) => ("rejection" in one ? [{ ...one.rejection, index }] : [])),
      };
    };
  },
};
