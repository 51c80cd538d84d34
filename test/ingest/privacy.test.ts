import { describe, expect, it } from "vitest";
import { fieldClasses } from "../../src/ingest/classes.ts";
import type { SecurityEvent } from "../../src/ingest/event.ts";
import { dropUnknown, joinEvent, maySeal, type Privacy, splitEvent } from "../../src/ingest/privacy.ts";
import { validateEvent } from "../../src/ingest/validate.ts";
import fc from "../support/property.ts";

const event: SecurityEvent = {
  id: "01935b9c-0000-7000-8000-0123456789ab",
  time: 1,
  receivedAt: 1,
  logsource: { product: "clinic" },
  action: "record.read",
  category: "ACCESS",
  outcome: "SUCCESS",
  actor: { id: "7", name: "nurse" },
  source: { ip: "192.0.2.1" },
  target: { type: "record", id: "r-1", name: "Jane Roe", patientId: "p-1" },
  http: { method: "GET", path: "/patients/p-1", query: "q=jane", status: 200, referrer: "/search?q=jane", host: "h" },
  message: "nurse read the record of Jane Roe",
  attributes: { room: "3", note: "Jane", "host.name": "web-1" },
};
const privacy = (over: Partial<Privacy> = {}): Privacy => ({
  unknownFields: "KEEP",
  phiFields: "PATIENT",
  allowedAttributes: new Set(["room"]),
  ...over,
});
const { patientId: _patientId, ...noPatient } = event.target ?? {};
const plain: SecurityEvent = { ...event, target: noPatient };

describe("H1 splitting an event", () => {
  it("seals every PHI field of an event that names a patient, and what is not known to be safe beside them", () => {
    const { clear, fields } = splitEvent(event, privacy());
    const phi = Object.keys(fieldClasses).filter((path) => fieldClasses[path as "message"] === "PHI");
    expect(fields.sort()).toEqual(phi.sort());
    expect(JSON.stringify(clear)).not.toMatch(/jane|p-1|r-1/i);
    expect(clear).toMatchObject({
      actor: { name: "nurse" },
      source: { ip: "192.0.2.1" },
      target: { type: "record" },
      http: { method: "GET", status: 200, host: "h" },
      attributes: { room: "3", "host.name": "web-1" },
    });
  });

  it("seals what is allowed, too, where an identifier is in it", () => {
    const told = { ...event, attributes: { room: "3, SSN 123-45-6789", "host.name": "web-1" } };
    expect(splitEvent(told, privacy()).clear.attributes).toEqual({ "host.name": "web-1" });
  });

  it.each([
    { event: { action: "record.read" }, patient: { id: "p-1", vip: true } },
    { "event.action": "record.read", "patient.id": [null, "p-1"] },
    { "event.action": "record.read", target: { patientId: "p-1" } },
    { action: "record.read", attributes: { "patient.id": "p-1" } },
  ])("seals an event that names its patient by a name that rules know: %j", (sent) => {
    const read = validateEvent({ ...sent, user: { name: "ann" } }, 0, 1);
    if (!("event" in read)) throw new Error(read.rejection.message);
    expect(read.event.target).toEqual({ patientId: "p-1" });
    const { clear } = splitEvent({ ...read.event, id: event.id, time: 1, receivedAt: 1 }, privacy());
    expect(JSON.stringify(clear)).not.toContain("p-1");
  });

  it("by default leaves events about no patient as they are, and with SEAL treats all alike", () => {
    expect(splitEvent(plain, privacy()).clear).toBe(plain);
    const { clear } = splitEvent(plain, privacy({ phiFields: "SEAL" }));
    expect(JSON.stringify(clear)).not.toMatch(/jane|r-1/i);
  });

  it("seals unknown attributes, or drops them, and keeps those that are known or allowed unless an identifier is in them", () => {
    const keep = { phiFields: "KEEP" } as const;
    const sealed = splitEvent(event, privacy({ ...keep, unknownFields: "SEAL" }));
    expect(sealed.clear.attributes).toEqual({ room: "3", "host.name": "web-1" });
    expect(sealed.secret).toEqual({ attributes: { note: "Jane" } });
    expect(dropUnknown(event, privacy({ unknownFields: "DROP" })).attributes).toEqual({
      room: "3",
      "host.name": "web-1",
    });
    const told = {
      ...event,
      message: "call 212-555-0147",
      attributes: { room: { who: ["jane@x.example"] }, "host.name": "h" },
    };
    const found = splitEvent(told, privacy({ ...keep, unknownFields: "DROP" }));
    expect(found.fields).toEqual(["message", "attributes"]);
    expect(found.clear.attributes).toEqual({ "host.name": "h" });
    const numbered = { ...event, attributes: { room: 123456789 } };
    const asSsn = privacy({ ...keep, unknownFields: "SEAL", allowedAttributes: new Set(["ssn", "room"]) });
    expect(splitEvent(numbered, asSsn).fields).toEqual([]);
    for (const attributes of [
      { ssn: 123456789 },
      { ssn: [123456789] },
      { room: { ssns: 1, ssn: ["123456789"] } },
      { room: { patient: { id: 471100 } } },
      { room: { "jane@x.example": true } },
    ])
      expect(splitEvent({ ...event, attributes }, asSsn).fields).toEqual(["attributes"]);
  });

  describe("with unknown attributes dropped", () => {
    const drop = privacy({ phiFields: "KEEP", unknownFields: "DROP" });
    const dropped = (sent: object): SecurityEvent => {
      const read = validateEvent(sent, 0, 1);
      if (!("event" in read)) throw new Error(read.rejection.message);
      return { ...dropUnknown(read.event, drop), id: event.id, time: 1, receivedAt: 1 };
    };
    const padding = "a".repeat(3_000);
    const path = `/${padding}/../../etc/passwd`;
    const agent = `${padding} sqlmap`;

    it("keeps what stood before a path, which is sealed where the path is", () => {
      const sent = { action: "http.request", http: { path: "https://ann:pw@patient-4711.example/a" }, own: "x" };
      const attributes = { "http.request.absolute": "https://ann:pw@patient-4711.example" };
      expect(dropped(sent).attributes).toEqual(attributes);
      const { clear, secret } = splitEvent(dropped(sent), privacy({ phiFields: "SEAL" }));
      expect([clear.http?.path, clear.attributes]).toEqual([undefined, {}]);
      expect(secret).toMatchObject({ http: { path: "/a" }, attributes });
    });

    it("keeps the whole of a text that was cut, by whatever name it was sent: padding hides nothing", () => {
      const wholes = { "vigil.truncated": { "http.path": path, userAgent: agent } };
      for (const sent of [
        { action: "http.request", http: { path }, userAgent: agent, own: "x" },
        { "event.action": "http.request", url: { path }, "user_agent.original": [agent], own: "x" },
        { "event.action": "http.request", "url.original": path, user_agent: { original: agent }, own: "x" },
      ])
        expect(dropped(sent).attributes).toEqual(wholes);
    });

    it("seals it where an identifier is in it", () => {
      const { clear, fields } = splitEvent(dropped({ action: "a", http: { path: `${path}?ssn=123-45-6789` } }), drop);
      expect([fields, clear.attributes]).toEqual([["attributes"], {}]);
    });

    it("keeps nothing that only goes by its name", () => {
      const sent = { "http.path": `/b${padding}`, own: padding, attributes: padding };
      const attributes = { "vigil.truncated": sent };
      expect(dropped({ action: "a", http: { path: "/a" }, attributes }).attributes).toEqual({});
      expect(dropped({ action: "a", attributes: { "vigil.truncated": padding } }).attributes).toEqual({});
    });
  });

  it("loses nothing: what was split joins to what it was", () => {
    const some = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
    const text = fc.string({ maxLength: 12 });
    const events = fc.record({
      target: some(fc.record({ type: text, id: text, name: text, patientId: text }, { requiredKeys: ["type"] })),
      http: some(fc.record({ method: text, path: text, query: text, referrer: text }, { requiredKeys: ["method"] })),
      message: some(text),
      attributes: fc.dictionary(fc.constantFrom("room", "note", "host.name", "a", "b"), fc.jsonValue({ maxDepth: 2 })),
    });
    const settings = fc.record({
      unknownFields: fc.constantFrom("KEEP", "SEAL", "DROP"),
      phiFields: fc.constantFrom("KEEP", "PATIENT", "SEAL"),
    });
    fc.assert(
      fc.property(events, settings, (given, chosen) => {
        const { target, http, message, ...rest } = { ...event, ...given };
        const sent = JSON.parse(JSON.stringify({ ...rest, target, http, message })) as SecurityEvent;
        const { clear, secret } = splitEvent(sent, privacy(chosen as Partial<Privacy>));
        const back = secret ? joinEvent(clear, JSON.parse(JSON.stringify(secret))) : clear;
        expect(JSON.parse(JSON.stringify(back))).toEqual(sent);
        if (secret) expect(maySeal([sent], privacy(chosen as Partial<Privacy>))).toBe(true);
      }),
      { seed: 7, numRuns: 500 },
    );
  });
});
