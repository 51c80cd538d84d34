import { describe, expect, it } from "vitest";
import type { EventDraft } from "../../src/ingest/event.ts";
import { validateEvent } from "../../src/ingest/validate.ts";
import fc from "../support/property.ts";

const now = Date.UTC(2026, 10, 24, 12);

function accept(input: unknown): EventDraft {
  const result = validateEvent(input, 0, now);
  if (!("event" in result)) throw new Error(result.rejection.message);
  return result.event;
}

describe("an ECS document", () => {
  it("fills the typed core, and what was taken whole leaves the attributes", () => {
    const event = accept({
      "@timestamp": "2026-11-24T10:00:00.000Z",
      event: { id: "e1", action: "user-login", category: ["authentication"], outcome: "failure", duration: 2_500_000 },
      source: { ip: "192.0.2.1", port: 4_711, geo: { country_iso_code: "PT", location: { lat: 38.7, lon: -9.1 } } },
      user: { id: "7", name: "ann", email: "ann@example.com", roles: ["nurse"], target: { name: "bob" } },
      url: { path: "/login", query: "next=/", domain: "clinic.example" },
      http: { request: { method: "POST" }, response: { status_code: 401, body: { bytes: 12 } } },
      user_agent: { original: "curl/8" },
      message: "failed",
    });
    expect(event).toEqual({
      clientId: "e1",
      time: Date.UTC(2026, 10, 24, 10),
      logsource: {},
      action: "user-login",
      category: "AUTHENTICATION",
      outcome: "FAILURE",
      actor: { id: "7", name: "ann", email: "ann@example.com", roles: ["nurse"] },
      source: { ip: "192.0.2.1", port: 4_711, country: "PT", lat: 38.7, lon: -9.1 },
      target: { type: "user", name: "bob" },
      userAgent: "curl/8",
      http: {
        method: "POST",
        path: "/login",
        query: "next=/",
        status: 401,
        bytes: 12,
        durationMs: 2.5,
        host: "clinic.example",
      },
      message: "failed",
      attributes: {},
    });
  });

  it("leaves everything else under its own keys, dotted or nested", () => {
    const event = accept({
      "event.action": "login",
      "source.ip": "192.0.2.1",
      "host.name": "gw",
      source: { geo: { region_name: "Norte" }, as: { number: 1 } },
      event: { kind: "event" },
      process: { pid: 5 },
    });
    expect(event.attributes).toEqual({
      "host.name": "gw",
      source: { geo: { region_name: "Norte" }, as: { number: 1 } },
      event: { kind: "event" },
      process: { pid: 5 },
    });
  });

  it("keeps what it could take only in part: several categories, several addresses, parts of a millisecond", () => {
    const event = accept({
      "@timestamp": "2026-11-24T10:00:00.123456Z",
      event: { action: "x", category: ["session", "network"], outcome: "blocked" },
      source: { ip: ["192.0.2.1", "192.0.2.2"] },
      url: { path: `/${"a".repeat(3_000)}` },
    });
    expect(event).toMatchObject({ category: "AUTHENTICATION", outcome: "UNKNOWN", source: { ip: "192.0.2.1" } });
    expect(event.attributes).toMatchObject({
      "@timestamp": "2026-11-24T10:00:00.123456Z",
      event: { category: ["session", "network"], outcome: "blocked" },
      source: { ip: ["192.0.2.1", "192.0.2.2"] },
    });
    expect(event.attributes.url).toEqual({ path: `/${"a".repeat(3_000)}` });
  });

  it("takes what is a log-in among other things for a log-in, wherever that stands", () => {
    const event = accept({ event: { action: "as_req", category: ["network", "authentication"], outcome: "failure" } });
    expect(event).toMatchObject({ category: "AUTHENTICATION", outcome: "FAILURE" });
    expect(event.attributes).toEqual({ event: { category: ["network", "authentication"] } });
  });

  it("takes arrays anywhere, and what is empty or null in them for nothing, as Elasticsearch does", () => {
    const event = accept({
      "@timestamp": ["2026-11-24T09:30:00.000Z"],
      event: {
        action: ["login"],
        outcome: ["failure"],
        category: [null, "Network", "Authentication"],
        duration: [5_000_000],
      },
      user: { name: [], email: [null, "ann@clinic.example"], id: [null], roles: [null, "nurse", 7] },
      source: { ip: [], port: "" },
    });
    expect(event).toMatchObject({ action: "login", category: "AUTHENTICATION", outcome: "FAILURE" });
    expect([event.time, event.http]).toEqual([Date.UTC(2026, 10, 24, 9, 30), { durationMs: 5 }]);
    expect([event.actor, event.source]).toEqual([{ email: "ann@clinic.example", roles: ["nurse", "7"] }, undefined]);
  });

  it("keeps all of a user's roles, of which the first fifty are looked at", () => {
    const roles = Array.from({ length: 60 }, (_, n) => `group-${n}`);
    const event = accept({ event: { action: "login" }, user: { name: "ann", roles } });
    expect(event).toMatchObject({ actor: { name: "ann", roles: roles.slice(0, 50) }, attributes: { user: { roles } } });
  });

  it("is read to its end however many fields it has, and what there is no room for stays as text", () => {
    const many = Object.fromEntries(Array.from({ length: 1_001 }, (_, n) => [`k${n}`, n]));
    const event = accept({ event: { action: "login" }, user: { ...many, name: "ann" }, source: { ip: "192.0.2.1" } });
    expect(event).toMatchObject({ actor: { name: "ann" }, source: { ip: "192.0.2.1" } });
    expect(event.attributes["vigil.excess"]).toBe('{"user.k1000":1000}');
    expect(Object.keys(event.attributes.user as object)).toHaveLength(1_000);
  });

  it("reads numbers and text in each other's place, as Elasticsearch stores them", () => {
    const event = accept({ event: { action: "x" }, user: { id: 17 }, http: { response: { status_code: "404" } } });
    expect(event).toMatchObject({ actor: { id: "17" }, http: { status: 404 } });
  });

  it("understands a web server's document, which has no action, and a proxy's, which has the client apart", () => {
    const event = accept({
      "@timestamp": "2026-11-24T10:00:00Z",
      event: { module: "nginx", dataset: "nginx.access", category: ["web"] },
      client: { ip: "192.0.2.9" },
      http: { request: { method: "GET" } },
      url: { original: "/a?b=1" },
    });
    expect(event).toMatchObject({
      action: "http.request",
      logsource: { product: "nginx", service: "access", category: "webserver" },
      source: { ip: "192.0.2.9" },
      http: { path: "/a", query: "b=1" },
      attributes: { client: { ip: "192.0.2.9" }, url: { original: "/a?b=1" } },
    });
  });

  it("names the ECS field that is wrong", () => {
    const rejection = (input: unknown) => validateEvent(input, 3, now);
    expect(rejection({ event: { action: "x" }, source: { ip: "here" } })).toMatchObject({
      rejection: { index: 3, code: "INVALID_FIELD", message: expect.stringMatching(/^source\.ip must be/) },
    });
    expect(rejection({ "@timestamp": "x", "event.action": "y" })).toMatchObject({
      rejection: { message: expect.stringMatching(/^@timestamp must be/) },
    });
    expect(rejection({ "@timestamp": 0, event: {} })).toMatchObject({ rejection: { code: "MISSING_ACTION" } });
  });

  it("loses no leaf, whatever else the document holds", () => {
    const key = fc.constantFrom(
      "source",
      "user",
      "event",
      "http",
      "geo",
      "id",
      "ip.x",
      "response",
      "tags",
      "__proto__",
      "a.b",
    );
    const document = fc.letrec((tie) => ({
      node: fc.oneof(
        { depthSize: "small" },
        fc.string({ minLength: 1 }).map((text) => `leaf-${text}`),
        tie("tree"),
      ),
      tree: fc.dictionary(key, tie("node"), { noNullPrototype: true }),
    })).tree;
    fc.assert(
      fc.property(document, (extra) => {
        const result = validateEvent({ ...(extra as object), "event.action": "login" }, 0, now);
        if (!("event" in result)) return;
        const leaves = (text: string): number => text.split('"leaf-').length;
        expect(leaves(JSON.stringify(result.event))).toBe(leaves(JSON.stringify(extra)));
        expect(JSON.parse(JSON.stringify(result.event))).toEqual(result.event);
      }),
      { numRuns: 200 },
    );
  });
});
