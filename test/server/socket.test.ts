import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { createClient } from "graphql-ws";
import { describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import type { Viewer } from "../../src/access/viewer.ts";
import { VigilError } from "../../src/errors.ts";
import { createConnections } from "../../src/publish/connections.ts";
import type { Services } from "../../src/schema/context.ts";
import { comeBackIn } from "../../src/server/manners.ts";
import { serving } from "./serving.ts";

const subscription = "subscription { incidentEvents { cursor kind incident { id } } }";

function open(url: string, headers: Record<string, string> = {}, protocol = "graphql-transport-ws"): WebSocket {
  return new WebSocket(`${url.replace("http", "ws")}/graphql`, protocol, { headers });
}

/** Says who it is and waits for the answer. */
async function greet(socket: WebSocket, payload: object = {}): Promise<unknown> {
  await once(socket, "open");
  socket.send(JSON.stringify({ type: "connection_init", payload }));
  return Promise.race([
    once(socket, "message").then(([data]) => JSON.parse(String(data)).type),
    once(socket, "close").then(([code]) => code),
  ]);
}

it("runs subscriptions for whoever names a token in connectionParams", async () => {
  await using server = await serving();
  const client = createClient({
    url: `${server.url.replace("http", "ws")}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams: { authorization: "Bearer admin" },
  });
  for await (const result of client.iterate({ query: subscription })) {
    expect(result.data).toEqual({
      incidentEvents: { cursor: expect.any(String), kind: "CURSOR_EXPIRED", incident: null },
    });
    break;
  }
  await expect.poll(() => server.streams()).toBe(0);
  await client.dispose();
});

it("closes with 4403 whoever names none or a bad one", async () => {
  await using server = await serving();
  expect(await greet(open(server.url))).toBe(4403);
  expect(await greet(open(server.url), { authorization: "Bearer wrong" })).toBe(4403);
});

it("W8 takes the session cookie from our own pages only", async () => {
  await using server = await serving();
  const cookie = "vigil_session=admin";
  expect(await greet(open(server.url, { cookie, origin: server.url }))).toBe("connection_ack");
  expect(await greet(open(server.url, { cookie, origin: "https://evil.example" }))).toBe(4403);
  expect(await greet(open(server.url, { cookie }))).toBe(4403);
});

// These two wait beside each other.
it("closes a socket when its token ends", { concurrent: true }, async () => {
  await using server = await serving();
  const socket = open(server.url);
  expect(await greet(socket, { authorization: "Bearer short" })).toBe("connection_ack");
  const [code] = await once(socket, "close");
  expect(code).toBe(4403);
});

it("W1 closes a socket that does not say who it is within 3 seconds", { concurrent: true }, async () => {
  await using server = await serving();
  const [code] = await once(open(server.url), "close");
  expect(code).toBe(4408);
});

it("refuses a field that the role may not read, and a document that asks for too much", async () => {
  await using server = await serving();
  const client = createClient({
    url: `${server.url.replace("http", "ws")}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams: { authorization: "Bearer ingest" },
  });
  const ask = async (query: string) => (await client.iterate({ query }).next()).value?.errors?.[0]?.extensions?.code;
  expect(await ask(subscription)).toBe("FORBIDDEN");
  const aliases = Array.from({ length: 16 }, (_, i) => `a${i}: viewer { name }`).join(" ");
  await expect(ask(`{ ${aliases} }`)).rejects.toMatchObject([{ extensions: { code: "COMPLEXITY_LIMIT" } }]);
  await client.dispose();
});

it("tells what is wrong with a subscription under a condition, and goes on with the socket's others", async () => {
  await using server = await serving();
  const socket = open(server.url);
  await greet(socket, { authorization: "Bearer admin" });
  const ask = async (id: string, query: string): Promise<object> => {
    const answer = Promise.race([
      once(socket, "message").then(([data]) => JSON.parse(String(data))),
      once(socket, "close").then(([code]) => ({ code })),
    ]);
    socket.send(JSON.stringify({ id, type: "subscribe", payload: { query, variables: { n: true } } }));
    return answer;
  };
  const conditional = "subscription ($n: Boolean!) { incidentEvents @include(if: $n) { cursor } }";
  const message = "The field of a subscription stands under neither @skip nor @include";
  expect(await ask("1", conditional)).toMatchObject({
    type: "error",
    payload: [{ message, extensions: { code: "BAD_USER_INPUT" } }],
  });
  expect(await ask("2", "{ viewer { name } }")).toMatchObject({ id: "2", type: "next" });
  socket.close();
});

it("tells what is wrong with a shared subscription's arguments, or with us, and goes on with the socket's others", async () => {
  const away = Object.assign(new Error("connect ECONNREFUSED 10.0.0.5:5432"), { code: "ECONNREFUSED" });
  await using server = await serving({ feed: { ...({} as Services["feed"]), cursor: () => Promise.reject(away) } });
  const socket = open(server.url);
  await greet(socket, { authorization: "Bearer admin" });
  const heard = new Map<string, string>();
  socket.on("message", (data) => {
    const { id } = JSON.parse(String(data));
    if (!heard.has(id)) heard.set(id, String(data));
  });
  socket.on("close", (code) => heard.set("closed", String(code)));
  const ask = async (id: string, query: string): Promise<string | undefined> => {
    socket.send(JSON.stringify({ id, type: "subscribe", payload: { query, variables: { n: null } } }));
    await expect.poll(() => heard.get(id) ?? heard.get("closed")).toBeDefined();
    return heard.get(id);
  };
  const asked = 'subscription ($n: Duration = "PT1S") { realtimeMetrics(interval: $n) { at } }';
  expect(await ask("1", asked)).toMatch(/must not be null.*BAD_USER_INPUT/);
  expect(await ask("2", 'subscription { widgetData(id: "x") { at } }')).toMatch(/Invalid global ID.*BAD_USER_INPUT/);
  expect(await ask("3", subscription)).toMatch(/The database does not answer just now.*UNAVAILABLE/);
  expect(await ask("4", "{ viewer { name } }")).toContain("ada@clinic.example");
  socket.close();
});

it("asks to come back whoever cannot be let in just now, and tells nobody what failed within", async () => {
  const away = Object.assign(new Error("connect ECONNREFUSED 10.0.0.5:5432"), { code: "ECONNREFUSED" });
  const keys = new VigilError("UNAVAILABLE", "The identity provider's keys cannot be had just now");
  for (const [error, said] of [
    [away, "The database does not answer just now: try again in a moment. retry-after=1"],
    [keys, "The identity provider's keys cannot be had just now retry-after=1"],
    [new Error("hunter2"), "Something went wrong; the server's log says more retry-after=1"],
  ] as const) {
    await using server = await serving({ authenticator: { authenticate: () => Promise.reject(error) } });
    const socket = open(server.url);
    const closed = once(socket, "close");
    expect(await greet(socket, { authorization: "Bearer admin" })).toBe(1013);
    expect(String((await closed)[1])).toBe(said);
  }
  const connections: Services["connections"] = {
    ...createConnections(),
    enter: async (kind) => (kind === "address" ? () => undefined : Promise.reject(new Error("hunter2"))),
  };
  await using server = await serving({ connections });
  const socket = open(server.url);
  const closed = once(socket, "close");
  await greet(socket, { authorization: "Bearer admin" });
  expect(String((await closed)[1])).not.toContain("hunter2");
});

it("W2 refuses the 101st operation of a socket", async () => {
  await using server = await serving();
  const socket = open(server.url);
  await greet(socket, { authorization: "Bearer admin" });
  const refused = new Promise((resolve) => {
    socket.on("message", (data) => {
      const message = JSON.parse(String(data));
      if (message.type === "error") resolve([message.id, message.payload[0].extensions.code]);
    });
  });
  const query = 'subscription { realtimeMetrics(interval: "PT1M") { at } }';
  for (let id = 1; id <= 101; id++) socket.send(JSON.stringify({ id: `${id}`, type: "subscribe", payload: { query } }));
  expect(await refused).toEqual(["101", "RATE_LIMITED"]);
});

describe("a client that is not ours", () => {
  const subscribe = (id: string, query = subscription) => JSON.stringify({ id, type: "subscribe", payload: { query } });
  const closed = async (socket: WebSocket) => {
    const [code, reason] = await once(socket, "close");
    return [code, String(reason)];
  };
  async function greeted(url: string): Promise<WebSocket> {
    const socket = open(url);
    expect(await greet(socket, { authorization: "Bearer admin" })).toBe("connection_ack");
    return socket;
  }

  it("W1 is told by its close code what it did wrong", async () => {
    await using server = await serving();
    const garbled = await greeted(server.url);
    garbled.send("no JSON");
    expect((await closed(garbled))[0]).toBe(4400);
    const hasty = open(server.url);
    await once(hasty, "open");
    hasty.send(subscribe("1"));
    expect((await closed(hasty))[0]).toBe(4401);
    const twice = await greeted(server.url);
    for (let n = 0; n < 2; n++) twice.send(subscribe("1"));
    expect((await closed(twice))[0]).toBe(4409);
    const again = await greeted(server.url);
    again.send(JSON.stringify({ type: "connection_init", payload: { authorization: "Bearer admin" } }));
    expect((await closed(again))[0]).toBe(4429);
    const old = new WebSocket(`${server.url.replace("http", "ws")}/graphql`); // speaks no protocol that there is
    expect((await closed(old))[0]).toBe(4406);
    const large = await greeted(server.url);
    large.send(subscribe("1", `{ viewer { name } } ${" ".repeat(70_000)}`));
    expect((await closed(large))[0]).toBe(1009);
  });

  it("may open so many sockets, of one viewer, one organization and one address", async () => {
    const connections = createConnections({ viewer: 2, address: 4, organization: 3 });
    await using server = await serving({ connections });
    const first = await greeted(server.url);
    await greeted(server.url);
    const third = open(server.url);
    const end = closed(third);
    await greet(third, { authorization: "Bearer admin" });
    expect(await end).toEqual([
      4429,
      expect.stringMatching(/^Too many sockets: you may have at most 2 .*retry-after=10$/),
    ]);
    first.close();
    await expect.poll(() => connections.count()).toBe(1);
    await greeted(server.url);
    const stream = await server.graphql(subscription, { token: "admin", headers: { accept: "text/event-stream" } });
    expect([stream.status, stream.headers.get("retry-after")]).toEqual([429, "10"]);
    for (let n = 0; n < 2; n++) await once(open(server.url), "open"); // which say nothing of who they are
    const [, response] = (await once(open(server.url), "unexpected-response")) as [unknown, IncomingMessage];
    expect([response.statusCode, response.headers["retry-after"]]).toEqual([429, "10"]);
  });

  it("W2 that floods is sent away, and nothing of it stays", async () => {
    await using server = await serving();
    const socket = await greeted(server.url);
    const end = closed(socket);
    for (let n = 0; n < 10_000; n++) socket.send(subscribe(`${n}`));
    expect(await end).toEqual([4429, "Too many messages: retry-after=5"]);
    await expect.poll(() => server.streams()).toBe(0);
  });

  it("is not taken for one that floods when the clock is set back", async () => {
    let at = Date.now();
    await using server = await serving({ now: () => at });
    const socket = await greeted(server.url);
    at -= 3_600_000;
    const end = closed(socket);
    const answered = once(socket, "message").then(([data]) => JSON.parse(String(data)).type);
    socket.send(subscribe("1", "{ viewer { name } }"));
    expect(await Promise.race([answered, end])).toBe("next");
    socket.close();
  });

  it("that comes back after a restart is told when", async () => {
    const server = await serving();
    const sockets = [await greeted(server.url), await greeted(server.url)];
    const ends = Promise.all(sockets.map(closed));
    await server.close();
    expect(await ends).toEqual([
      [1001, "Going away; retry-after=0"],
      [1001, "Going away; retry-after=0.5"],
    ]);
    expect([0, 2_500, 4_999].map((place) => comeBackIn(place, 5_000))).toEqual([0, 5, 10]);
  });
});

describe("a client that does not close when it is told to", () => {
  const query = 'mutation { securityEventsIngest(input: {events: [{action: "x"}]}) { accepted } }';
  const mutation = JSON.stringify({ id: "1", type: "subscribe", payload: { query } });
  const init = JSON.stringify({ type: "connection_init", payload: { authorization: "Bearer a" } });
  const organizationId = "01900000-0000-7000-8000-000000000001";
  const admin: Viewer = { organizationId, kind: "USER", id: "u1", name: "ada", role: "ADMIN", expiresAt: undefined };

  /** A socket that goes on as if nothing were; `told`: the code that the server closes it with. */
  function stubborn(url: string): { socket: WebSocket; told: Promise<number | undefined> } {
    const socket = open(url);
    const told = new Promise<number | undefined>((resolve) => {
      socket.close = (code) => resolve(code);
    });
    return { socket, told };
  }

  /** Sends the mutation, and hangs up when it is on its way. */
  async function sendOnce(socket: WebSocket): Promise<void> {
    await new Promise((resolve) => socket.send(mutation, resolve));
    socket.terminate();
  }

  // These two wait beside each other.
  it("is not heard when its credential has ended, and is cut", { concurrent: true }, async ({ expect }) => {
    await using server = await serving();
    const { socket, told } = stubborn(server.url);
    expect(await greet(socket, { authorization: "Bearer short" })).toBe("connection_ack");
    let isCut = false;
    socket.once("close", () => {
      isCut = true;
    });
    expect(await told).toBe(4403);
    socket.send(mutation);
    await expect.poll(() => isCut || server.ingested.length > 0).toBe(true);
    expect(server.ingested).toEqual([]);
  });

  it("is not heard either if it was closed for something else before its credential ended", {
    concurrent: true,
  }, async ({ expect }) => {
    let refused = 0;
    let isOut = false;
    const authenticate = async (): Promise<Viewer> => {
      if (!isOut) return admin;
      refused++;
      throw new VigilError("UNAUTHENTICATED", "This token is not valid");
    };
    await using server = await serving({ authenticator: { authenticate } });
    const { socket, told } = stubborn(server.url);
    expect(await greet(socket, { authorization: "Bearer a" })).toBe("connection_ack");
    socket.send("no JSON");
    expect(await told).toBe(4400);
    isOut = true;
    await expect.poll(() => refused).toBeGreaterThan(0);
    await sendOnce(socket);
    await server.close();
    expect(server.ingested).toEqual([]);
  });

  it("is not heard if it was closed while its credential was looked at", async () => {
    let letIn: (viewer: Viewer) => void = () => {};
    const looked = new Promise<Viewer>((resolve) => {
      letIn = resolve;
    });
    await using server = await serving({ authenticator: { authenticate: () => looked } });
    const { socket, told } = stubborn(server.url);
    await once(socket, "open");
    for (let time = 0; time < 2; time++) socket.send(init);
    expect(await told).toBe(4429);
    letIn(admin);
    await sendOnce(socket);
    await server.close();
    expect(server.ingested).toEqual([]);
  });
});

it("F31 says goodbye with 1001 when the server closes, and ends streams of every kind", async () => {
  const server = await serving();
  const socket = open(server.url);
  await greet(socket, { authorization: "Bearer admin" });
  socket.send(JSON.stringify({ id: "1", type: "subscribe", payload: { query: subscription } }));
  const other = "subscription { alertEvents { kind } }"; // identical ones would share one stream
  const stream = await server.graphql(other, { token: "admin", headers: { accept: "text/event-stream" } });
  await expect.poll(() => server.streams()).toBe(2);
  const goodbye = once(socket, "close");
  const started = Date.now();
  await Promise.all([server.close(), stream.text()]);
  expect(Date.now() - started).toBeLessThan(450); // less than the time after which connections are cut
  expect((await goodbye)[0]).toBe(1001);
  expect(server.streams()).toBe(0);
  await expect(fetch(`${server.url}/health/live`)).rejects.toThrow();
});
