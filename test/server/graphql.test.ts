import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { getIntrospectionQuery } from "graphql";
import { auditServer } from "graphql-http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import WebSocket from "ws";
import type { Viewer } from "../../src/access/viewer.ts";
import { type Serving, serving } from "./serving.ts";

let server: Serving;
beforeAll(async () => {
  server = await serving();
});
afterAll(() => server.close());

const asAdmin = { token: "admin" };

async function codeOf(response: Response): Promise<string> {
  const body = (await response.json()) as { errors: { extensions: { code: string } }[] };
  return body.errors[0]?.extensions.code ?? "none";
}

const asking = (query: string, accept: string): Promise<Response> =>
  fetch(`${server.url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json", accept, authorization: "Bearer admin" },
    body: JSON.stringify({ query }),
  });

describe("GraphQL over HTTP", () => {
  it("answers whoever sends a token", async () => {
    const response = await server.graphql("{ viewer { name role permissions } status { ok parts { name } } }", asAdmin);
    expect(response.status).toBe(200);
    const { data } = await response.json();
    expect(data.viewer).toMatchObject({ name: "ada@clinic.example", role: "ADMIN" });
    // This server's database is a stand-in that holds no rules, which the status says.
    expect(data.status).toEqual({ ok: false, parts: [{ name: "database" }, { name: "rules" }] });
  });

  it("refuses every field to whoever does not, and lets nobody do what their role may not", async () => {
    expect(await codeOf(await server.graphql("{ viewer { name } }"))).toBe("UNAUTHENTICATED");
    expect(await codeOf(await server.graphql("{ incidents { totalCount } }", { token: "ingest" }))).toBe("FORBIDDEN");
  });

  it("refuses a token that is not valid with 401", async () => {
    const response = await server.graphql("{ __typename }", { token: "wrong" });
    expect(response.status).toBe(401);
    expect(await codeOf(response)).toBe("UNAUTHENTICATED");
  });

  it("says nothing of an internal error but that there was one", async () => {
    const text = await (await server.graphql("{ incidents { nodes { id } } }", asAdmin)).text();
    expect(text).toContain("INTERNAL");
    expect(text).not.toContain("hunter2");
  });

  it.each([
    ["a document that does not parse", "{ viewer", "BAD_USER_INPUT"],
    ["an unknown field", "{ nothing }", "BAD_USER_INPUT"],
    ["a page over 100 rows", "{ incidents(first: 101) { totalCount } }", "BAD_USER_INPUT"],
    ["an id that is none", '{ incident(id: "x") { title } }', "BAD_USER_INPUT"],
    [
      "too many aliases",
      `{ ${Array.from({ length: 16 }, (_, i) => `a${i}: viewer { name }`).join(" ")} }`,
      "COMPLEXITY_LIMIT",
    ],
    [
      "too deep a document",
      `{ incidents { nodes ${"{ detections { nodes { incident ".repeat(4)} { id } ${"} } }".repeat(4)} } }`,
      "COMPLEXITY_LIMIT",
    ],
    ["too long a document", `{ ${"viewer { name } ".repeat(300)} }`, "COMPLEXITY_LIMIT"],
  ])("refuses %s with its code", async (_name, query, code) => {
    expect(await codeOf(await server.graphql(query, asAdmin))).toBe(code);
  });

  it("answers GraphiQL's introspection", async () => {
    const { data } = await (await server.graphql(getIntrospectionQuery(), asAdmin)).json();
    expect(data.__schema.types.length).toBeGreaterThan(50);
  });

  it("refuses a body over 1 MiB, a batch, and a form", async () => {
    expect((await server.graphql("#".repeat(1_100_000), asAdmin)).status).toBe(413);
    const post = (headers: Record<string, string>, body: string) =>
      fetch(`${server.url}/graphql`, { method: "POST", headers, body });
    const batch = '[{"query":"{__typename}"},{"query":"{__typename}"}]';
    expect((await post({ "content-type": "application/json" }, batch)).status).toBe(400);
    const form = { "content-type": "application/x-www-form-urlencoded" };
    expect((await post(form, "query={__typename}")).status).toBe(403);
  });

  it("takes the session cookie from our own pages only", async () => {
    const ask = (headers: Record<string, string>) => server.graphql("{ viewer { name } }", { headers });
    const cookie = "vigil_session=admin";
    expect((await (await ask({ cookie, origin: server.url })).json()).data.viewer.name).toBe("ada@clinic.example");
    expect(await codeOf(await ask({ cookie, origin: "https://evil.example" }))).toBe("UNAUTHENTICATED");
  });

  it("takes it from pages at the public address, too, though a proxy asks for the server by another name", async () => {
    await using behind = await serving({}, { publicUrl: "https://vigil.example:8443/" });
    const ask = async (origin: string) =>
      (await behind.graphql("{ viewer { name } }", { headers: { cookie: "vigil_session=admin", origin } })).json();
    expect((await ask("https://vigil.example:8443")).data.viewer.name).toBe("ada@clinic.example");
    for (const origin of ["https://evil.example", "http://vigil.example:8443", "https://vigil.example", "null"])
      expect((await ask(origin)).errors[0].extensions.code).toBe("UNAUTHENTICATED");
    const socket = new WebSocket(`${behind.url.replace("http", "ws")}/graphql`, "graphql-transport-ws", {
      headers: { cookie: "vigil_session=admin", origin: "https://vigil.example:8443" },
    });
    await once(socket, "open");
    socket.send(JSON.stringify({ type: "connection_init" }));
    const [answer] = await once(socket, "message");
    expect(JSON.parse(String(answer))).toMatchObject({ type: "connection_ack" });
    socket.terminate();
  });

  it("shows GraphiQL without loading anything from elsewhere", async () => {
    const response = await fetch(`${server.url}/graphql`, { headers: { accept: "text/html" } });
    const page = await response.text();
    expect(page).toContain("subscription IncidentEvents");
    expect(page).not.toMatch(/<(script|link)[^>]+(src|href)="https?:/);
    expect(response.headers.get("content-security-policy")).toContain("default-src 'none'");
  });

  it("streams subscriptions as server-sent events, and ends the stream when the reader leaves", async () => {
    const leave = new AbortController();
    const response = await fetch(`${server.url}/graphql`, {
      method: "POST",
      signal: leave.signal,
      headers: { "content-type": "application/json", accept: "text/event-stream", authorization: "Bearer admin" },
      body: JSON.stringify({ query: 'subscription { realtimeMetrics(interval: "PT0.1S") { openIncidents } }' }),
    });
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    let text = "";
    while (!text.includes("openIncidents")) text += new TextDecoder().decode((await reader.read()).value);
    expect(server.streams()).toBe(1);
    leave.abort();
    await expect.poll(() => server.streams()).toBe(0);
  });

  it("looks no more at the credential of whoever was gone before they were known", async () => {
    let letIn: (viewer: Viewer) => void = () => {};
    const known = new Promise<Viewer>((resolve) => {
      letIn = resolve;
    });
    const of = (lifetime: number): Viewer => ({
      organizationId: "01900000-0000-7000-8000-000000000001",
      kind: "USER",
      id: "u1",
      name: "ada@clinic.example",
      role: "ADMIN",
      expiresAt: Date.now() + lifetime,
    });
    const stays = of(200);
    const looks: string[] = [];
    await using other = await serving({
      authenticator: {
        async authenticate(credential, { use = true } = {}) {
          if (!use) looks.push(credential);
          return credential === "gone" ? known : stays;
        },
      },
    });
    const begun = new Promise<ServerResponse>((resolve) => {
      subscribe("http.server.request.start", function take(message) {
        unsubscribe("http.server.request.start", take);
        resolve((message as { response: ServerResponse }).response);
      });
    });
    const leaving = new AbortController();
    const body = JSON.stringify({ query: "{ viewer { name } }" });
    const headers = { "content-type": "application/json" };
    const asked = fetch(`${other.url}/graphql`, {
      method: "POST",
      headers: { ...headers, authorization: "Bearer gone" },
      body,
      signal: leaving.signal,
    }).catch(() => undefined);
    const closed = once(await begun, "close");
    leaving.abort();
    await Promise.all([asked, closed]);
    letIn(of(0)); // would be looked at at once
    const stream = await fetch(`${other.url}/graphql`, {
      method: "POST",
      headers: { ...headers, accept: "text/event-stream", authorization: "Bearer stays" },
      body: JSON.stringify({ query: "subscription { incidentEvents { cursor } }" }),
    });
    await stream.text(); // until its credential has been looked at, and ended
    expect([...new Set(looks)]).toEqual(["stays"]); // a timer may ring a millisecond before the clock says so
  });

  it("answers a question in one part where only multipart is taken", async () => {
    const answer = await asking("{ viewer { name } }", "multipart/mixed");
    expect(answer.headers.get("content-type")).toBe('multipart/mixed; boundary="-"');
    const [preamble, part = "", end] = (await answer.text()).split("\r\n---");
    expect([preamble, end]).toEqual(["", "--\r\n"]);
    const [head = "", body = ""] = part.split("\r\n\r\n");
    expect(head.trim().split("\r\n")).toEqual([
      "Content-Type: application/json; charset=utf-8",
      `Content-Length: ${Buffer.byteLength(body)}`,
    ]);
    expect(JSON.parse(body)).toMatchObject({ data: { viewer: { name: expect.any(String) } } });
  });

  it.each(["application/json", "application/graphql-response+json", "multipart/mixed", "*/*"])(
    "refuses a subscription to whoever asks for %s with 406, and subscribes to nothing",
    async (accept) => {
      const answer = await asking("subscription { realtimeMetrics { openIncidents } }", accept);
      expect(answer.status).toBe(406);
      if (accept !== "multipart/mixed") expect(await answer.text()).toContain("ask with `accept: text/event-stream`");
      else expect(answer.headers.get("accept")).toContain("text/event-stream");
      expect(server.streams()).toBe(0);
    },
  );
});

it("follows GraphQL over HTTP: every audit of graphql-http, MUST, SHOULD and MAY", async () => {
  const fetchFn: typeof fetch = (url, init) =>
    fetch(url, { ...init, headers: { ...(init?.headers as Record<string, string>), authorization: "Bearer admin" } });
  const results = await auditServer({ url: `${server.url}/graphql`, fetchFn });
  expect(results.length).toBeGreaterThan(50);
  const missed = results.flatMap((result) =>
    result.status === "ok" ? [] : [`${result.status}: ${result.name}: ${"reason" in result ? result.reason : ""}`],
  );
  expect(missed).toEqual([]);
});
