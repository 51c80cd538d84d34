import { describe, expect, it } from "vitest";
import type { EventDraft } from "../../src/ingest/event.ts";
import { validateEvent } from "../../src/ingest/validate.ts";

const now = Date.UTC(2026, 10, 24, 12);

function accept(input: unknown): EventDraft {
  const result = validateEvent(input, 0, now);
  if (!("event" in result)) throw new Error(result.rejection.message);
  return result.event;
}

function refuse(input: unknown): { code: string; message: string } {
  const result = validateEvent(input, 0, now);
  if ("event" in result) throw new Error("accepted");
  return result.rejection;
}

describe("an event in Vigil's own shape", () => {
  it("needs nothing but an action", () => {
    const event = { logsource: {}, action: "login", category: "OTHER", outcome: "UNKNOWN", attributes: {} };
    expect(accept({ action: "login" })).toEqual(event);
    for (const action of [undefined, null, "", "  "]) expect(refuse({ action }).code).toBe("MISSING_ACTION");
  });

  it("takes every field of the typed core and leaves nothing of it in the attributes", () => {
    const sent = {
      id: "e-1",
      time: "2026-11-24T10:00:00.000Z",
      logsource: { product: "clinic", service: "api", category: "application" },
      action: "record.read",
      category: "Access",
      outcome: "success",
      severity: "low",
      actor: { id: "u1", name: "ann", email: "ann@example.com", roles: ["nurse"] },
      source: { ip: "2001:DB8::1", port: 443, country: "BR", city: "Recife", lat: -8.05, lon: -34.9 },
      userAgent: "curl/8",
      device: "d1",
      sessionId: "s1",
      target: { type: "patient", id: "p1", name: "n", patientId: "p1" },
      http: {
        method: "GET",
        path: "/p/1",
        query: "a=1",
        status: 200,
        bytes: 5,
        durationMs: 1.5,
        referrer: "r",
        host: "h",
      },
      message: "m",
      attributes: { own: [1, { two: 2 }] },
    };
    const { id, ...core } = sent;
    expect(accept(structuredClone(sent))).toEqual({
      ...core,
      clientId: id,
      time: Date.UTC(2026, 10, 24, 10),
      category: "ACCESS",
      outcome: "SUCCESS",
      severity: "LOW",
      source: { ...sent.source, ip: "2001:db8::1" },
    });
  });

  it("takes null and empty text for something that was not sent", () => {
    const sent = {
      action: "a",
      id: "",
      time: null,
      actor: { id: null, name: "" },
      source: { ip: "" },
      message: "",
      outcome: "",
    };
    expect(accept(sent)).toEqual(accept({ action: "a" }));
  });

  it.each([
    [{ actor: "ann" }, "actor must be an object"],
    [{ actor: { id: 17 } }, "actor.id must be a string"],
    [{ actor: { roles: "admin" } }, "actor.roles must be an array of strings"],
    [{ source: { port: 65_536 } }, "source.port must be an integer from 0 to 65535"],
    [{ source: { lat: 90.5 } }, "source.lat must be a number from -90 to 90"],
    [{ source: { lon: "1" } }, "source.lon must be a number from -180 to 180"],
    [{ http: { status: "200" } }, "http.status must be an integer from 0 to 999"],
    [{ outcome: "maybe" }, "outcome must be one of SUCCESS, FAILURE, UNKNOWN"],
    [{ time: "noon" }, "time must be an ISO 8601 time or epoch milliseconds"],
    [{ id: "x".repeat(201) }, "id must be at most 200 characters long"],
    [{ attributes: [] }, "attributes must be an object"],
  ])("names the field that is wrong and what it must be: %j", (part, message) => {
    expect(refuse({ action: "a", ...part })).toMatchObject({ code: "INVALID_FIELD", message });
  });

  it("bounds the depth and the number of the attributes, and keeps what is beyond as text", () => {
    let deep: unknown = "needle";
    for (let i = 0; i < 25; i++) deep = { deep };
    const { attributes } = accept({ action: "a", deep });
    let depth = 0;
    let inner: unknown = attributes.deep;
    for (; typeof inner === "object"; depth++) inner = (inner as { deep: unknown }).deep;
    expect([depth, inner]).toEqual([20, '{"deep":{"deep":{"deep":{"deep":{"deep":"needle"}}}}}']);

    const many = Object.fromEntries(Array.from({ length: 1_001 }, (_, i) => [`k${i}`, i]));
    const { k1000, ...first } = many;
    const bounded = { ...first, "vigil.excess": JSON.stringify({ k1000 }) };
    expect(accept({ action: "a", attributes: many }).attributes).toEqual(bounded);
    expect(accept({ action: "a", ...many }).attributes).toEqual(bounded);
    expect(accept({ action: "a", attributes: { body: many } }).attributes).toEqual({ body: JSON.stringify(many) });
  });

  it("is not lost by what stands beside the fields it knows, however much or deep that is", () => {
    const nested = `${"[".repeat(20_000)}${"]".repeat(20_000)}`;
    const many = Object.fromEntries(Array.from({ length: 1_500 }, (_, i) => [`k${i}`, i]));
    for (const sent of [
      { ...many, action: "login", actor: { ...many, name: "ann" }, attributes: many },
      JSON.parse(`{"deep":${nested},"action":"login","attributes":{"deep":${nested}},"actor":{"name":"ann"}}`),
    ])
      expect(accept(sent)).toMatchObject({ action: "login", actor: { name: "ann" } });
  });

  it("does not grow by keys that are equal once they are storable", () => {
    const sent = Object.fromEntries(Array.from({ length: 999 }, (_, n) => [String.fromCharCode(0xd800 + n), n]));
    for (const bag of [accept({ action: "a", ...sent }).attributes, accept({ action: "a", sent }).attributes.sent]) {
      expect(Object.values(bag as object).sort((a, b) => a - b)).toEqual(Object.values(sent));
      expect(JSON.stringify(bag).length).toBeLessThan(40_000); // each key had its own place in its length: 8 MB
    }
  });

  it("cuts text that is too long instead of losing the event, and keeps the whole", () => {
    const userAgent = "x".repeat(3_000);
    const path = `/${"y".repeat(3_000)}`;
    const event = accept({ action: "a", userAgent, http: { path } });
    expect(event.userAgent).toHaveLength(2_048);
    expect(event.http?.path).toHaveLength(2_048);
    expect(event.attributes["vigil.truncated"]).toEqual({ userAgent, "http.path": path });
  });

  it("is not lost by a number that none can hold, nor by a user of many roles", () => {
    const roles = Array.from({ length: 60 }, (_, n) => `group-${n}`);
    const event = accept(
      JSON.parse(`{"action":"login","actor":{"roles":${JSON.stringify(roles)}},"body":[{"n":-1e999}]}`),
    );
    expect(event.actor?.roles).toEqual(roles.slice(0, 50));
    expect(event.attributes).toEqual({ body: [{ n: "-Infinity" }], "vigil.truncated": { "actor.roles": roles } });
  });

  it("never cuts a character in two", () => {
    expect(accept({ action: "a", device: `${"x".repeat(2_047)}😀` }).device).toBe("x".repeat(2_047));
  });

  it("splits a query string off the path", () => {
    expect(accept({ action: "a", http: { path: "/a?x=1?" } }).http).toEqual({ path: "/a", query: "x=1?" });
    expect(accept({ action: "a", http: { path: "/a?x=1", query: "y=2" } }).http?.query).toBe("x=1&y=2");
    expect(accept({ action: "a", http: { path: "/a?" } }).http).toEqual({ path: "/a" });
  });

  it("notes scheme and host beside a path that was sent with them", () => {
    const event = accept({ action: "a", http: { path: "http://[2001:db8::9]:80/a?x=1", query: "y=2" } });
    expect(event.http).toEqual({ path: "/a", query: "x=1&y=2", host: "[2001:db8::9]" });
    expect(event.attributes).toEqual({ "http.request.absolute": "http://[2001:db8::9]:80" });
    const named = accept({ action: "a", http: { path: "http://victim.example/a", host: "shop.example" } });
    expect(named.http).toEqual({ path: "/a", host: "shop.example" });
    for (const path of ["shop.example:443", "*", "//victim.example/a", "/a/http://b"])
      expect(accept({ action: "a", http: { path } }).http).toEqual({ path });
  });

  it("keeps unknown keys of a group, and never one in place of another", () => {
    const event = accept({ action: "a", attributes: { x: 1 }, x: 2, source: { ip: "192.0.2.1", asn: 3 } });
    expect(event.attributes).toEqual({ x: 1, "vigil.duplicate.x": 2, "source.asn": 3 });
    expect(accept(JSON.parse('{"action":"a","in":{"k\\u0000":1}}')).attributes).toEqual({ in: { "k\ufffd": 1 } });
    const cleaned = accept(JSON.parse('{"action":"a","attributes":{"k\\u0000":1,"k\\ufffd":2}}'));
    expect(Object.values(cleaned.attributes).sort()).toEqual([1, 2]);
  });

  it("keeps __proto__ as the key that it is", () => {
    const event = accept(JSON.parse('{"action":"a","__proto__":{"x":1},"attributes":{"__proto__":{"y":"\\u0000"}}}'));
    expect(JSON.stringify(event.attributes)).toBe('{"__proto__":{"y":"\ufffd"},"vigil.duplicate.__proto__":{"x":1}}');
    expect((event.attributes as { x?: number; y?: number }).y).toBeUndefined();
  });

  it("has the time that a shipper wrote beside what it carries, unless it tells its own", () => {
    const shipped = { action: "a", "@timestamp": "2026-11-24T10:00:00.000Z" };
    expect(accept(shipped).time).toBe(Date.UTC(2026, 10, 24, 10));
    expect(accept({ ...shipped, time: now - 1 }).time).toBe(now - 1);
    expect(accept({ action: "a", "@timestamp": "noon" })).toMatchObject({ attributes: { "@timestamp": "noon" } });
  });

  it("accepts a clock that is ten minutes ahead, and no more", () => {
    expect(accept({ action: "a", time: now + 600_000 })).toMatchObject({ time: now + 600_000, attributes: {} });
    const sent = new Date(now + 600_001).toISOString();
    expect(accept({ action: "a", time: sent })).toMatchObject({
      time: now,
      attributes: { "vigil.originalTime": sent },
    });
  });
});
