/** What ends a live socket with time, on the real application. */
import { once } from "node:events";
import { afterAll, beforeAll, expect, it } from "vitest";
import { WebSocket } from "ws";
import { createSignInLink } from "../src/access/sign-in.ts";
import { ensureUser } from "../src/access/users.ts";
import { type TestServer, testServer } from "./support/server.ts";

const minute = 60_000;
let offset = 0;
let server: TestServer;
beforeAll(async () => {
  server = await testServer({ now: () => Date.now() + offset });
});
afterAll(() => server?.close());

async function open(headers: Record<string, string>, payload: object = {}): Promise<WebSocket> {
  const socket = new WebSocket(`${server.url.replace("http", "ws")}/graphql`, "graphql-transport-ws", { headers });
  await once(socket, "open");
  socket.send(JSON.stringify({ type: "connection_init", payload }));
  expect(JSON.parse(String((await once(socket, "message"))[0])).type).toBe("connection_ack");
  const query = "subscription { realtimeMetrics { at } }";
  socket.send(JSON.stringify({ id: "1", type: "subscribe", payload: { query } }));
  return socket;
}

async function signIn(): Promise<string> {
  const now = Date.now() + offset;
  const link = await server.app.db.inOrganization(server.ours, async (tx) => {
    const userId = await ensureUser(tx, { email: "ada@example.org", name: "Ada", role: "ANALYST", now });
    return createSignInLink(tx, { userId, now });
  });
  return `vigil_session=${(await server.app.signIn.redeem(link)).session}`;
}

const ask = async (cookie: string): Promise<number> => {
  const headers = { "content-type": "application/json", cookie };
  const body = JSON.stringify({ query: "{ viewer { name } }" });
  return (await fetch(`${server.url}/graphql`, { method: "POST", headers, body })).status;
};

it("W3 a socket whose token lives for 3 seconds is closed with 4403 within 5 seconds of its end", async () => {
  const subject = { organizationId: server.ours, userId: "cli", name: "tester", role: "ADMIN" } as const;
  const token = await server.app.tokens.sign(subject, 3);
  const end = (Math.floor(Date.now() / 1000) + 3) * 1000;
  const [code] = await once(await open({}, { authorization: `Bearer ${token}` }), "close");
  expect(code).toBe(4403);
  expect(Date.now() - end).toBeLessThan(5_000);
  expect(Date.now() - end).toBeGreaterThan(-1_100); // tokens count in whole seconds
});

it("H5 an open socket keeps no session awake, and ends with it after 15 idle minutes", async () => {
  const cookie = await signIn();
  const closed = once(await open({ cookie, origin: server.url }), "close");
  offset += 14 * minute;
  expect(await ask(cookie)).toBe(200); // this does
  await expect
    .poll(async () => {
      const text = "SELECT max(last_used_at) AS at FROM sessions";
      return (await server.app.db.query<{ at: Date }>(server.ours, text)).rows[0]?.at.getTime();
    })
    .toBeGreaterThan(Date.now() + offset - minute);
  offset += 14 * minute;
  const idle = await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, 5_000, "open"))]);
  expect(idle).toBe("open");
  offset += minute;
  const started = Date.now();
  expect((await closed)[0]).toBe(4403);
  expect(Date.now() - started).toBeLessThan(5_000);
  expect(await ask(cookie)).toBe(401);
});
