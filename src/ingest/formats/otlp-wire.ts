/**
 * OTLP's log messages in protobuf's binary form, read into the objects that its JSON form has (OTLP 1.x,
 * opentelemetry/proto/logs/v1). Fields that are not named here are skipped, as protobuf demands.
 */
import { BinaryReader, BinaryWriter, type WireType } from "@bufbuild/protobuf/wire";
import type { JsonObject } from "../json.ts";
import { Refusal } from "../refusal.ts";

const scalars = {
  string: (reader: BinaryReader) => reader.string(),
  bool: (reader: BinaryReader) => reader.bool(),
  int64: (reader: BinaryReader) => String(reader.int64()),
  fixed64: (reader: BinaryReader) => String(reader.fixed64()),
  fixed32: (reader: BinaryReader) => reader.fixed32(),
  uint32: (reader: BinaryReader) => reader.uint32(),
  double: (reader: BinaryReader) => reader.double(),
  hex: (reader: BinaryReader) => Buffer.from(reader.bytes()).toString("hex"),
  base64: (reader: BinaryReader) => Buffer.from(reader.bytes()).toString("base64"),
};
type Scalar = keyof typeof scalars;

/** Of each message by number: the field's name, what it holds (a message in capitals), and whether it is repeated. */
const messages: Readonly<Record<string, Readonly<Record<number, readonly [name: string, of: string, many?: true]>>>> = {
  Request: { 1: ["resourceLogs", "ResourceLogs", true] },
  ResourceLogs: { 1: ["resource", "Resource"], 2: ["scopeLogs", "ScopeLogs", true], 3: ["schemaUrl", "string"] },
  Resource: { 1: ["attributes", "KeyValue", true], 2: ["droppedAttributesCount", "uint32"] },
  ScopeLogs: { 1: ["scope", "Scope"], 2: ["logRecords", "LogRecord", true], 3: ["schemaUrl", "string"] },
  Scope: {
    1: ["name", "string"],
    2: ["version", "string"],
    3: ["attributes", "KeyValue", true],
    4: ["droppedAttributesCount", "uint32"],
  },
  LogRecord: {
    1: ["timeUnixNano", "fixed64"],
    2: ["severityNumber", "uint32"],
    3: ["severityText", "string"],
    5: ["body", "AnyValue"],
    6: ["attributes", "KeyValue", true],
    7: ["droppedAttributesCount", "uint32"],
    8: ["flags", "fixed32"],
    9: ["traceId", "hex"],
    10: ["spanId", "hex"],
    11: ["observedTimeUnixNano", "fixed64"],
    12: ["eventName", "string"],
  },
  KeyValue: { 1: ["key", "string"], 2: ["value", "AnyValue"] },
  AnyValue: {
    1: ["stringValue", "string"],
    2: ["boolValue", "bool"],
    3: ["intValue", "int64"],
    4: ["doubleValue", "double"],
    5: ["arrayValue", "ArrayValue"],
    6: ["kvlistValue", "KeyValueList"],
    7: ["bytesValue", "base64"],
  },
  ArrayValue: { 1: ["values", "AnyValue", true] },
  KeyValueList: { 1: ["values", "KeyValue", true] },
};

const deepest = 100; // messages within messages, as protobuf's own readers allow

/** An ExportLogsServiceRequest. Throws a Refusal for bytes that are none. */
export function decodeRequest(bytes: Uint8Array): JsonObject {
  try {
    const reader = new BinaryReader(bytes);
    return decode(reader, reader.len, "Request", 0);
  } catch (error) {
    throw new Refusal("INVALID_PROTOBUF", `the body is no ExportLogsServiceRequest: ${(error as Error).message}`);
  }
}

function decode(reader: BinaryReader, end: number, message: string, depth: number): JsonObject {
  const fields = messages[message] as NonNullable<(typeof messages)[string]>;
  const found: JsonObject = {};
  while (reader.pos < end) {
    const [number, wireType] = reader.tag();
    const [name, of, many] = fields[number] ?? [];
    if (name === undefined || of === undefined) {
      reader.skip(wireType as WireType, number);
      continue;
    }
    const read = scalars[of as Scalar];
    let value: unknown;
    // Only values hold themselves. One that is too deep stays as bytes: it must not have the whole request refused.
    if (of === "AnyValue" && depth >= deepest) value = { bytesValue: scalars.base64(reader) };
    else if (read) value = read(reader);
    else {
      const length = reader.uint32();
      if (length > end - reader.pos) throw new Error("premature EOF");
      value = decode(reader, reader.pos + length, of, depth + 1);
    }
    if (!many) found[name] = value;
    else if (Array.isArray(found[name])) found[name].push(value);
    else found[name] = [value];
  }
  if (reader.pos > end) throw new Error("a message is longer than it says");
  return found;
}

/** An ExportLogsServiceResponse: how many records were refused, and why the first was. */
export function encodeResponse(refused: number, why: string): Uint8Array {
  const writer = new BinaryWriter();
  if (refused > 0 || why !== "") writer.tag(1, 2).fork().tag(1, 0).int64(refused).tag(2, 2).string(why).join();
  return writer.finish();
}

/** A google.rpc.Status, which says why a request was refused. */
export function encodeStatus(code: number, message: string): Uint8Array {
  return new BinaryWriter().tag(1, 0).int32(code).tag(2, 2).string(message).finish();
}
