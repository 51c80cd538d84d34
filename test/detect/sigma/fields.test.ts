import { describe, expect, it } from "vitest";
import { createFieldReader } from "../../../src/detect/sigma/fields.ts";
import { validateAll } from "../../../src/ingest/accept.ts";
import type { Logsource } from "../../../src/ingest/event.ts";
import { allocatedBy } from "../../support/allocations.ts";
import { type EventWish, event, matches } from "../rules.ts";

const read = (name: string, wish: EventWish, logsource: Logsource = {}) =>
  createFieldReader()(name, logsource)(event(wish));

describe("a field name", () => {
  it("means what the sender wrote, before what Vigil made of it", () => {
    const wish = { action: "login", attributes: { "event.action": "LOGIN_X", event: { action: "nested" } } };
    expect(read("event.action", wish)).toBe("LOGIN_X");
    expect(read("event.action", { ...wish, attributes: { event: { action: "nested" } } })).toBe("nested");
    expect(read("event.action", { ...wish, attributes: {} })).toBe("login");
  });

  it("leads into nested objects, through lists to each element, and to keys that contain dots", () => {
    expect(read("a.b.c", { attributes: { a: { b: { c: 1 } } } })).toBe(1);
    expect(read("a.b.c", { attributes: { a: { "b.c": 2 } } })).toBe(2);
    expect(read("a.b", { attributes: { a: [{ b: 1 }, { c: 2 }, { b: 3 }] } })).toEqual([1, 3]);
    expect(read("a.b", { attributes: { a: "text" } })).toBeUndefined();
  });

  it("of very many steps is a key and no path, and takes no memory for each of them", async () => {
    const name = "a.".repeat(4_000);
    expect(read(name, { attributes: { [name]: 1 } })).toBe(1);
    expect(await allocatedBy(() => createFieldReader()(name, {}))).toBeLessThan(2_000_000);
  });

  it("that was forgotten among very many reads the same", () => {
    const reader = createFieldReader();
    const sent = event({ attributes: { a: { b: 7 } } });
    const before = reader("a.b", {});
    for (let n = 0; n < 100; n++) reader(`${n}${".x".repeat(50)}${"y".repeat(1_000)}`, {});
    expect([before(sent), reader("a.b", {})(sent)]).toEqual([7, 7]);
    expect(reader("a.b", {})).not.toBe(before);
  });

  it("leads through keys with dots as well, the longest that leads to something first", () => {
    expect(read("a.b.c", { attributes: { "a.b": { c: 1 } } })).toBe(1);
    expect(read("a.b.c.d", { attributes: { a: { b: { c: { d: 1 } } }, "a.b": { c: { d: 2 } } } })).toBe(2);
    expect(read("a.b.c.d", { attributes: { a: { b: { c: { d: 1 } } }, "a.b.c": { e: 2 }, "a.b": "text" } })).toBe(1);
    expect(read("attributes.a.b.c", { attributes: { "a.b": [{ c: 1 }, { c: 2 }] } })).toEqual([1, 2]);
    const core = { http: { method: "GET" } };
    expect(read("http.request.method", { ...core, attributes: { "http.request": { method: "PUT" } } })).toBe("PUT");
    expect(read("http.request.method", { ...core, attributes: { "http.request": { body: "x" } } })).toBe("GET");
  });

  it("is the name under which the event was sent, whatever stands beside the fields that Vigil knows", async () => {
    const sent = { action: "a", actor: { name: "ann", tenant: { id: "t1" } }, http: { headers: { "x-app": "7" } } };
    const { drafts } = await validateAll([sent], Date.now());
    const attributes = drafts[0]?.attributes ?? {};
    expect(read("actor.tenant.id", { attributes })).toBe("t1");
    expect(read("http.headers.x-app", { attributes })).toBe("7");
    expect(await matches("s: { actor.tenant.id: T1 }\ncondition: s", { attributes })).toBe(true);
  });

  it("that begins with `attributes.` means what the sender wrote and nothing else", () => {
    expect(read("attributes.mfa.method", { attributes: { mfa: { method: "sms" } } })).toBe("sms");
    expect(read("attributes.event.action", { action: "login" })).toBeUndefined();
    expect(read("attributes.x", { attributes: { x: 1, attributes: { x: 2 } } })).toBe(2);
  });

  it("reaches nothing that the sender did not write", () => {
    const names = [
      "__proto__",
      "constructor",
      "constructor.name",
      "a.__proto__",
      "a.constructor.name",
      "toString",
      "a.length",
    ];
    for (const name of names) expect(read(name, { attributes: { a: {} } }), name).toBeUndefined();
    const sent = JSON.parse('{"__proto__": {"x": 1}}') as Record<string, unknown>;
    expect(read("__proto__.x", { attributes: sent })).toBe(1);
  });

  it("may be an ECS name or one of Vigil's own", () => {
    const wish: EventWish = {
      outcome: "FAILURE",
      actor: { id: "7", email: "ann@example.org", roles: ["admin"] },
      source: { ip: "192.0.2.1", port: 22 },
      http: { method: "GET", path: "/a", query: "b=c", status: 404, bytes: 10 },
      userAgent: "curl",
      device: "d",
      sessionId: "s",
      target: { type: "record", id: "9", name: "n", patientId: "p" },
      message: "m",
    };
    const expected = {
      "event.outcome": "FAILURE",
      "user.id": "7",
      "user.name": "ann@example.org",
      "actor.name": "ann@example.org",
      "user.roles": ["admin"],
      "source.ip": "192.0.2.1",
      "source.port": 22,
      "url.path": "/a",
      "url.query": "b=c",
      "url.original": "/a?b=c",
      "http.path": "/a",
      "http.request.method": "GET",
      "http.response.status_code": 404,
      "http.response.bytes": 10,
      "user_agent.original": "curl",
      "device.id": "d",
      "session.id": "s",
      "target.id": "9",
      "patient.id": "p",
      message: "m",
    };
    for (const [name, value] of Object.entries(expected)) expect(read(name, wish), name).toEqual(value);
    expect(read("user.name", { actor: { id: "7" } })).toBe("7");
  });

  it("may be the user's name in lower case, as the sender wrote it, else as Vigil has it", () => {
    expect(read("user.name", { actor: { name: "JÖRG", email: "j@example.org" } })).toBe("JÖRG");
    for (const name of ["JÖRG", "Jörg", "jÖrG"]) expect(read("user.name.folded", { actor: { name } })).toBe("jorg");
    for (const name of [
      "Jo\u0308rg",
      "\uff2a\u00f6rg",
      "J\u00f6\u00adrg",
      "J\u00f6rg\u200b",
      " j\u00f6rg\u00a0",
      "J\u00f3rg",
      "jorg",
    ])
      expect(read("user.name.folded", { actor: { name } })).toBe("jorg");
    expect(read("user.name.folded", { actor: { name: "Ann \u3000 Lee" } })).toBe("ann lee");
    // Where a sign is a letter, it is none less: Hindi, Thai, Korean.
    for (const name of ["\u0928\u0940\u0932\u093f\u092e\u093e", "\u0e01\u0e34\u0e48\u0e07", "\ubbfc\uc900"])
      expect(read("user.name.folded", { actor: { name } })).toBe(name);
    expect(read("user.name.folded", { actor: { email: "Ann@Example.org", id: "7" } })).toBe("ann@example.org");
    expect(read("user.name.folded", { actor: { id: "U7" } })).toBe("u7");
    const sent = { actor: { name: "Bob" }, attributes: { "user.name": "ANN" } };
    expect(read("user.name.folded", sent)).toBe("ann");
    expect(read("user.name.folded", { attributes: { user: { name: ["ANN", "Bob", 7] } } })).toEqual(["ann", "bob", 7]);
    expect(read("user.name.folded", {})).toBeUndefined();
  });

  it("may be a name of the rule's own kind of log", () => {
    const wish: EventWish = {
      source: { ip: "192.0.2.1" },
      http: { method: "GET", path: "/a", query: "q=1", status: 200 },
    };
    const web = { category: "webserver" };
    expect(read("c-ip", wish, web)).toBe("192.0.2.1");
    expect(read("cs-uri-query", wish, web)).toBe("q=1");
    expect(read("sc-status", wish, web)).toBe(200);
    expect(read("c-uri", wish, web)).toBe("/a?q=1");
    expect(read("c-ip", wish)).toBeUndefined();
  });
});

describe("a rule's logsource", () => {
  const all = "s: { f: 1 }\ncondition: s";
  const attributes = { f: 1 };
  it("selects the events it sees: what it names must be equal, in any case", async () => {
    const logsource = { product: "Okta", service: "system" };
    expect(await matches(all, { attributes, logsource }, { product: "okta" })).toBe(true);
    expect(await matches(all, { attributes, logsource }, { product: "OKTA", service: "System" })).toBe(true);
    expect(await matches(all, { attributes, logsource }, { product: "okta", category: "web" })).toBe(false);
    expect(await matches(all, { attributes, logsource }, {})).toBe(true);
    expect(await matches(all, { attributes }, { product: "okta" })).toBe(false);
  });

  it("names the category of the event or of its logsource", async () => {
    const wish: EventWish = { attributes, category: "AUTHENTICATION" };
    expect(await matches(all, wish, { category: "authentication" })).toBe(true);
    const atServer = { ...wish, logsource: { category: "webserver" } };
    expect(await matches(all, atServer, { category: "authentication" })).toBe(true);
    expect(await matches(all, atServer, { category: "webserver" })).toBe(true);
    expect(await matches(all, atServer, { category: "proxy" })).toBe(false);
  });
});
