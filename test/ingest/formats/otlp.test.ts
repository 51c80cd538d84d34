/** Log records of OpenTelemetry as events: what they mean, and that nothing of them is lost. */
import { BinaryWriter } from "@bufbuild/protobuf/wire";
import { describe, expect, it } from "vitest";
import { otlp, recordsOf } from "../../../src/ingest/formats/otlp.ts";
import { decodeRequest } from "../../../src/ingest/formats/otlp-wire.ts";
import { Refusal } from "../../../src/ingest/refusal.ts";
import { validateEvent } from "../../../src/ingest/validate.ts";

const now = Date.UTC(2026, 10, 28, 12);
const nanoseconds = `${now - 1_000}000000`;
const text = (stringValue: string) => ({ stringValue });
const attributes = (of: Record<string, object>) => Object.entries(of).map(([key, value]) => ({ key, value }));
const request = (...logRecords: object[]) => ({
  resourceLogs: [
    {
      resource: { attributes: attributes({ "service.name": text("portal"), "host.name": text("web-1") }) },
      scopeLogs: [{ scope: { name: "portal.auth", version: "1.2" }, logRecords }],
    },
  ],
});

function eventsOf(...records: object[]) {
  return recordsOf(request(...records)).map((item, index) => {
    if (!("value" in item)) return item;
    const read = validateEvent(structuredClone(item.value), index, now);
    return "event" in read ? read.event : read.rejection;
  });
}

describe("a log record", () => {
  it("with OpenTelemetry's names is read as ECS, and keeps what has no place of its own", () => {
    const record = {
      timeUnixNano: nanoseconds,
      observedTimeUnixNano: `${now}000000`,
      severityNumber: 13,
      severityText: "WARN",
      eventName: "login",
      body: text("log-in failed"),
      traceId: "5b8efff798038103d269b633813fc60c",
      spanId: "eee19b7ec3c1b174",
      flags: 1,
      droppedAttributesCount: 2,
      attributes: attributes({
        "event.outcome": text("failure"),
        "user.id": text("u7"),
        "client.address": text("203.0.113.9"),
        "http.response.status_code": { intValue: "401" },
        ratio: { doubleValue: 0.5 },
        tried: { arrayValue: { values: [text("password"), { boolValue: true }] } },
        more: { kvlistValue: { values: attributes({ big: { intValue: "9007199254740993" } }) } },
        raw: { bytesValue: "AAE=" },
      }),
    };
    expect(eventsOf(record)).toEqual([
      {
        clientId: expect.stringMatching(/^otlp:[\w-]{27}:0$/),
        time: now - 1_000,
        logsource: { product: "portal" },
        action: "login",
        category: "OTHER",
        outcome: "FAILURE",
        actor: { id: "u7" },
        source: { ip: "203.0.113.9" },
        http: { status: 401 },
        message: "log-in failed",
        attributes: {
          "client.address": "203.0.113.9",
          ratio: 0.5,
          tried: ["password", true],
          more: { big: "9007199254740993" },
          raw: "AAE=",
          "log.level": "WARN",
          "log.severityNumber": 13,
          "trace.id": "5b8efff798038103d269b633813fc60c",
          "span.id": "eee19b7ec3c1b174",
          "trace.flags": 1,
          "otel.eventName": "login",
          "otel.droppedAttributesCount": 2,
          "otel.observedTime": new Date(now).toISOString(),
          resource: { "service.name": "portal", "host.name": "web-1" },
          scope: { name: "portal.auth", version: "1.2" },
        },
      },
    ]);
  });

  it("in Vigil's own words is read as such, whether they are its attributes or its body", () => {
    const words = attributes({
      action: text("record.read"),
      actor: { kvlistValue: { values: attributes({ name: text("ada") }) } },
    });
    const said = { timeUnixNano: nanoseconds };
    for (const record of [
      { ...said, attributes: words, body: text("opened") },
      { ...said, body: { kvlistValue: { values: words } } },
    ]) {
      expect(eventsOf(record)).toMatchObject([{ action: "record.read", actor: { name: "ada" }, time: now - 1_000 }]);
    }
  });

  it("in Vigil's own words may have each in one, as languages without objects in attributes write them", () => {
    const flat = {
      action: text("login"),
      outcome: text("failure"),
      "actor.name": text("ada"),
      "source.ip": text("203.0.113.9"),
      "http.status": { intValue: "401" },
      "actor.shift": text("night"),
      "http.request.id": text("r1"),
      "http.bytes": text("5 kB"), // another program's word
    };
    const [event] = eventsOf({ timeUnixNano: nanoseconds, attributes: attributes(flat) });
    expect(event).toMatchObject({
      actor: { name: "ada" },
      source: { ip: "203.0.113.9" },
      http: { status: 401 },
      attributes: { "actor.shift": "night", "http.request.id": "r1", "http.bytes": "5 kB" },
    });
    const both = { action: text("login"), actor: { kvlistValue: { values: attributes({ name: text("ada") }) } } };
    const twice = eventsOf({ attributes: attributes({ ...both, "actor.name": text("bob"), "actor.id": text("u7") }) });
    expect(twice).toMatchObject([{ actor: { name: "ada", id: "u7" }, attributes: { "actor.name": "bob" } }]);
  });

  it("that is only a line of text is an event called log", () => {
    expect(eventsOf({ timeUnixNano: nanoseconds, body: text("hello") })).toMatchObject([
      { action: "log", message: "hello" },
    ]);
  });

  it("is the same when it comes again, and two equal ones of a request are two", () => {
    const line = { timeUnixNano: nanoseconds, body: text("denied") };
    const ids = (...records: object[]) =>
      eventsOf(...records).map((event) => (event as { clientId?: string }).clientId);
    const [first, second] = ids(line, line);
    expect(ids(line, line)).toEqual([first, second]);
    expect(second).not.toBe(first);
    expect(ids({ ...line, timeUnixNano: `${now}000000` })).not.toContain(first);
    const [early, late] = ["100", "200"].map((ns) => ids({ ...line, timeUnixNano: `${now - 1_000}000${ns}` })[0]);
    expect(early).not.toBe(late); // of one ms, in two requests
    expect(ids({ body: text("denied") })).toEqual([undefined]); // of no time: it cannot be known again
    expect(ids({ ...line, attributes: attributes({ "log.record.uid": text("01J") }) })).toEqual(["01J"]);
    for (const timed of [
      { ...line, attributes: attributes({ time: text("2026-11-04T10:00:00Z") }) },
      {
        timeUnixNano: nanoseconds,
        body: { kvlistValue: { values: attributes({ time: text("now"), msg: text("x") }) } },
      },
    ]) {
      expect(ids(timed)).toEqual([expect.stringMatching(/^otlp:/)]);
      expect(ids(timed)).toEqual(ids(timed));
    }
  });

  it("that is not as OTLP has it is refused alone, with the field's name; a request that is not, as a whole", () => {
    const good = { timeUnixNano: nanoseconds, body: text("fine") };
    expect(
      eventsOf({ timeUnixNano: "yesterday" }, good, { attributes: [{ key: 7 }] }, { body: { intValue: "x" } }),
    ).toMatchObject([
      { index: 0, message: "timeUnixNano must be a number of nanoseconds" },
      { message: "fine" },
      { index: 2, message: "attributes must be a list of keys with values" },
      { index: 3, message: "body must be an integer" },
    ]);
    expect(eventsOf({ body: text("x".repeat(70_000)) })).toMatchObject([{ code: "TOO_LARGE" }]);
    for (const faulty of [7, [], { resourceLogs: 1 }, { resourceLogs: [{ scopeLogs: {} }] }, { resourceLogs: [null] }])
      expect(() => recordsOf(faulty)).toThrow(Refusal);
  });
});

describe("a value of a record", () => {
  it("that is nested without end is read as far as an event's may be, and stays as text below", () => {
    let deep: object = text("needle");
    for (let n = 0; n < 500; n++) deep = { arrayValue: { values: [deep] } };
    const record = { timeUnixNano: nanoseconds, eventName: "login", attributes: attributes({ deep }) };
    const [event] = eventsOf(record);
    expect(event).toMatchObject({ action: "login" });
    expect(JSON.stringify(event)).toContain("needle");
  });

  it("whose key comes again and again is a list, in time that grows with their number and not with its square", () => {
    const list = [text("a"), { arrayValue: { values: [text("b"), text("c")] } }, text("d")];
    const named = (values: object[]) => values.map((value) => ({ key: "tried", value }));
    expect(eventsOf({ attributes: named(list) })).toMatchObject([{ attributes: { tried: ["a", "b", "c", "d"] } }]);
    const before = process.cpuUsage();
    const many = named(Array.from({ length: 200_000 }, () => text("a")));
    expect(eventsOf({ attributes: many })).toMatchObject([{ code: "TOO_LARGE" }]);
    expect(process.cpuUsage(before).user).toBeLessThan(5_000_000); // a quadratic one takes minutes
  });
});

it("a Collector's lines of a file, and its syslog, are events with all that its receivers and processors say of them", () => {
  const observed = { observedTimeUnixNano: `${now}000000`, traceId: "", spanId: "" }; // as its JSON has what is not set
  const filelog = {
    ...observed,
    body: text("Failed password for root from 203.0.113.7 port 5022 ssh2"),
    attributes: attributes({ "log.file.name": text("auth.log"), "log.file.path": text("/var/log/auth.log") }),
  };
  const syslog = {
    ...observed,
    timeUnixNano: nanoseconds,
    severityNumber: 13,
    severityText: "warning",
    body: text("<36>1 2026-11-28T11:59:59Z gw sshd 7 - - denied"),
    attributes: attributes({
      appname: text("sshd"),
      facility: { intValue: "4" },
      hostname: text("gw"),
      priority: { intValue: "36" },
      version: { intValue: "1" },
    }),
  };
  const [line, message] = eventsOf(filelog, syslog);
  expect(line).toEqual({
    clientId: expect.stringMatching(/^otlp:/),
    time: now,
    logsource: { product: "portal" },
    action: "log",
    category: "OTHER",
    outcome: "UNKNOWN",
    message: "Failed password for root from 203.0.113.7 port 5022 ssh2",
    attributes: {
      "log.file.name": "auth.log",
      "log.file.path": "/var/log/auth.log",
      resource: { "service.name": "portal", "host.name": "web-1" },
      scope: { name: "portal.auth", version: "1.2" },
    },
  });
  expect(message).toMatchObject({
    time: now - 1_000,
    attributes: { appname: "sshd", facility: 4, hostname: "gw", priority: 36, version: 1, "log.level": "warning" },
  });
});

describe("the binary form", () => {
  const message = (number: number, bytes: Uint8Array) => new BinaryWriter().tag(number, 2).bytes(bytes).finish();
  const inRequest = (...records: Uint8Array[]) =>
    message(1, message(2, Buffer.concat(records.map((record) => message(2, record)))));

  it("of a value that is nested without end costs neither its record nor the request", () => {
    let deep: Uint8Array = message(1, Buffer.from("x"));
    for (let n = 0; n < 200; n++) deep = message(5, message(1, deep)); // lists within lists
    const items = recordsOf(decodeRequest(inRequest(message(5, deep), message(12, Buffer.from("login")))));
    expect(items).toMatchObject([{ value: { "event.action": "log" } }, { value: { "event.action": "login" } }]);
  });

  it("has no key where that is empty, and is read all the same", () => {
    const pair = message(6, message(2, message(1, Buffer.from("x"))));
    const [item] = recordsOf(decodeRequest(inRequest(Buffer.concat([pair, message(12, Buffer.from("login"))]))));
    expect(item).toMatchObject({ value: { "": "x", "event.action": "login" } });
  });

  it("of bytes that are none is refused: cut short, longer than it says", () => {
    for (const bytes of [
      Uint8Array.of(10, 200),
      Uint8Array.of(255, 255, 255, 255, 255, 255),
      inRequest(Uint8Array.of(9, 1)), // a number of eight bytes that has one
    ])
      expect(() => decodeRequest(bytes)).toThrow(Refusal);
    expect(decodeRequest(inRequest(message(99, Uint8Array.of(1))))).toEqual({
      resourceLogs: [{ scopeLogs: [{ logRecords: [{}] }] }],
    }); // of a later version
  });
});

it("a file of the Collector is imported line by line, each a batch", () => {
  const parse = otlp.parser({ now });
  const line = JSON.stringify(request({ timeUnixNano: nanoseconds, body: text("a") }, { timeUnixNano: "no" }));
  expect(parse(line, 3)).toMatchObject({
    events: [{ message: "a" }],
    rejections: [{ index: 2, code: "INVALID_FIELD" }],
  });
  expect(parse("{", 4)).toMatchObject({ rejection: { index: 3 } });
  expect(parse("[]", 5)).toMatchObject({ rejection: { index: 4 } });
});
