import { describe, expect, it } from "vitest";
import { parseBatch } from "../../src/ingest/batch.ts";
import { validateEvent } from "../../src/ingest/validate.ts";
import fc from "../support/property.ts";

const now = Date.UTC(2026, 10, 24, 12);
const validate = (input: unknown) => validateEvent(input, 7, now);

describe("validating an event", () => {
  it("takes Vigil's own shape and keeps what it does not know", () => {
    const event = {
      id: "e1",
      action: "login",
      outcome: "failure",
      actor: { name: "ann" },
      source: { ip: "::ffff:192.0.2.1" },
      custom: { a: 1 },
    };
    expect(validate(event)).toMatchObject({
      event: {
        clientId: "e1",
        outcome: "FAILURE",
        actor: { name: "ann" },
        source: { ip: "192.0.2.1" },
        attributes: { custom: { a: 1 } },
      },
    });
  });

  it("takes ECS documents, dotted or nested", () => {
    const dotted = {
      "@timestamp": "2026-11-24T10:00:00Z",
      "event.action": "login",
      "user.name": "ann",
      "source.ip": "192.0.2.1",
    };
    const nested = {
      "@timestamp": "2026-11-24T10:00:00Z",
      event: { action: "login" },
      user: { name: "ann" },
      source: { ip: "192.0.2.1" },
    };
    for (const document of [dotted, nested]) {
      expect(validate(document)).toMatchObject({
        event: {
          time: Date.UTC(2026, 10, 24, 10),
          action: "login",
          actor: { name: "ann" },
          source: { ip: "192.0.2.1" },
        },
      });
    }
  });

  it("names the field that is wrong, with its index, and never repeats its value", () => {
    const result = validate({ action: "login", source: { ip: "secret-patient" } });
    expect(result).toMatchObject({
      rejection: { index: 7, code: "INVALID_FIELD", message: expect.stringContaining("source.ip") },
    });
    expect(JSON.stringify(result)).not.toContain("secret-patient");
    expect(validate({})).toMatchObject({ rejection: { code: "MISSING_ACTION" } });
  });

  it("clamps a time that lies ahead and says so", () => {
    const result = validate({ action: "x", time: now + 3_600_000 });
    expect(result).toMatchObject({ event: { time: now, attributes: { "vigil.clock": "FUTURE_CLAMPED" } } });
  });

  it("replaces what PostgreSQL cannot store, in keys and values", () => {
    const result = validate({ action: "a\u0000b", deep: { "k\u0000": ["\ud800"] } });
    expect(JSON.stringify(result)).not.toMatch(/\\u0000|\\ud800/);
    expect(result).toHaveProperty("event");
  });

  it("never throws, and what it accepts survives JSON", () => {
    fc.assert(
      fc.property(fc.anything({ withNullPrototype: true }), (input) => {
        const result = validate(input);
        if ("event" in result) expect(JSON.parse(JSON.stringify(result.event))).toEqual(result.event);
      }),
    );
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (extra) => {
        const result = validate({ ...extra, action: "x" });
        if ("event" in result) JSON.stringify(result.event);
      }),
    );
  });

  it("is safe from keys that would reach a prototype", () => {
    validate(JSON.parse('{"action":"x","__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}'));
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });
});

describe("reading a batch", () => {
  it("keeps the good lines of NDJSON and names the bad one by its index", () => {
    const batch = parseBatch('{"action":"a"}\n\nnope\r\n{"action":"b"}\n', "application/x-ndjson");
    if (!("items" in batch)) throw new Error("refused");
    expect(batch.items.map((item) => ("code" in item ? [item.index, item.code] : [item.index]))).toEqual([
      [0],
      [1, "INVALID_JSON"],
      [2],
    ]);
  });

  it("refuses a broken array whole, with the place", () => {
    expect(parseBatch('[{"action":"a"},', "application/json")).toMatchObject({ refusal: { code: "INVALID_JSON" } });
  });
});
