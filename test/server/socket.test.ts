import { once } from "node:events";
import { createClient } from "graphql-ws";
import { expect, it } from "vitest";
import { WebSocket } from "ws";
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

it("takes the session cookie from our own pages only", async () => {
  await using server = await serving();
  const cookie = "vigil_session=admin";
  expect(await greet(open(server.url, { cookie, origin: server.url }))).toBe("connection_ack");
  expect(await greet(open(server.url, { cookie, origin: "https://evil.example" }))).toBe(4403);
  expect(await greet(open(server.url, { cookie }))).toBe(4403);
});

it("closes a socket when its token ends", async () => {
  await using server = await serving();
  const socket = open(server.url);
  expect(await greet(socket, { authorization: "Bearer short" })).toBe("connection_ack");
  const [code] = await once(socket, "close");
  expect(code).toBe(4403);
});

it("closes a socket that does not say who it is within 3 seconds", async () => {
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

it("refuses the 101st operation of a socket", async () => {
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

it("says goodbye with 1001 when the server closes, and ends streams of every kind", async () => {
  const server = await serving();
  const socket = open(server.url);
  await greet(socket, { authorization: "Bearer admin" });
  socket.send(JSON.stringify({ id: "1", type: "subscribe", payload: { query: subscription } }));
  const stream = await server.graphql(subscription, { token: "admin", headers: { accept: "text/event-stream" } });
  await expect.poll(() => server.streams()).toBe(2);
  const goodbye = once(socket, "close");
  const started = Date.now();
  await Promise.all([server.close(), stream.text()]);
  expect(Date.now() - started).toBeLessThan(450); // less than the time after which connections are cut
  expect((await goodbye)[0]).toBe(1001);
  expect(server.streams()).toBe(0);
  await expect(fetch(`${server.url}/health/live`)).rejects.toThrow();
});
