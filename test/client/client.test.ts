import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import type { FollowEvent } from "../../src/client/follow.ts";
import { type ClientOptions, createClient, VigilError } from "../../src/client/index.ts";
import { createLiveStore } from "../../src/client/live.ts";
import { Line } from "../support/line.ts";
import { type TestServer, testServer } from "../support/server.ts";
import { incidentEvents, incidents, metrics } from "./operations.ts";

let server: TestServer;
beforeAll(async () => {
  server = await testServer({});
});
afterAll(() => server.close());

const retry = { first: 20, longest: 100 };
const clientOf = (options: ClientOptions = {}) =>
  createClient({ url: server.url, token: server.admin, webSocket: WebSocket, retry, ...options });
const numberOf = (
  event: FollowEvent<{ incidentEvents: { incident?: { number: number } | null } }, unknown> | undefined,
) => (event?.type === "change" ? event.data.incidentEvents.incident?.number : event?.type);

async function take<T>(stream: AsyncIterableIterator<T>, count: number): Promise<T[]> {
  const taken: T[] = [];
  while (taken.length < count) taken.push((await stream.next()).value);
  return taken;
}

/** The numbers of the incidents that changed, change by change, as the database has them. */
async function changed(): Promise<number[]> {
  const rows = await server.database.asOwner<{ number: number }>(
    `SELECT i.number FROM changes c JOIN security_incidents i ON i.organization_id = c.organization_id AND i.id = c.entity_id
     WHERE c.organization_id = $1 AND c.topic = 'incident' ORDER BY c.xid, c.id`,
    [server.ours],
  );
  return rows.map(({ number }) => number);
}

/** Opens incidents, one after the other; gives the changes that this made. */
async function open(...users: string[]): Promise<number[]> {
  const before = (await changed()).length;
  for (const user of users) await server.failLogins(user, { times: 10 });
  return (await changed()).slice(before);
}

describe("a durable stream", () => {
  it("misses nothing and repeats nothing, however often the line is cut", async () => {
    await using line: Line = await Line.open(() => Number(new URL(server.url).port));
    const client = clientOf({ url: line.url });
    const states: string[] = [];
    const after = await server.app.feed.cursor(server.ours);
    const stream = client.follow(incidentEvents, {}, { after, onState: ({ state }) => states.push(state) });
    const first = await open("ann");
    const seen = await take(stream, first.length);
    line.down();
    const missed = await open("bob", "carol");
    line.heal();
    seen.push(...(await take(stream, missed.length)));
    line.cut();
    const later = await open("dan");
    seen.push(...(await take(stream, later.length)));
    expect(seen.map(numberOf)).toEqual([...first, ...missed, ...later]);
    expect(states).toContain("waiting");
    await stream.return?.();
    await expect.poll(() => states.at(-1)).toBe("closed");
    await client.close();
  });

  it("reads the state anew where its cursor has expired, and goes on live", async () => {
    const client = clientOf();
    const old = await server.app.feed.cursor(server.theirs);
    await server.failLogins("eve", { times: 10, as: server.otherKey });
    await server.database.asOwner(
      "UPDATE organizations SET feed_forgotten_xid = pg_current_xact_id(), feed_forgotten_id = 0 WHERE id = $1",
      [server.theirs],
    );
    const theirs = clientOf({ token: server.outsider });
    const stream = theirs.follow(incidentEvents, { after: old }, { snapshot: () => theirs.query(incidents) });
    const [expired, snapshot] = await take(stream, 2);
    expect(expired).toMatchObject({ type: "expired", cursor: expect.any(String) });
    expect(snapshot).toMatchObject({ type: "snapshot", data: { incidents: { totalCount: 1 } } });
    await server.failLogins("finn", { times: 10, as: server.otherKey });
    // Transactions that were under way when the feed was cut may make it expire once more: then the state says it.
    const told = (event: Awaited<ReturnType<typeof stream.next>>["value"]): boolean =>
      event.type === "change" || (event.type === "snapshot" && event.data.incidents.totalCount === 2);
    for (let heard = false; !heard; ) heard = told((await take(stream, 1))[0]);
    await theirs.close();
    await client.close();
  });

  it("makes the server wait for a slow reader, who gets all of it all the same", async () => {
    const client = clientOf();
    const after = await server.app.feed.cursor(server.ours);
    const stream = client.follow(incidentEvents, {}, { after, buffer: 2 });
    const numbers = await open("gus", "hal", "ida", "jan", "kim");
    expect((await take(stream, numbers.length)).map(numberOf)).toEqual(numbers);
    await client.close();
  });

  it("ends with what will not pass, and says what its document lacks", async () => {
    const keyed = clientOf({ token: server.key });
    await expect(keyed.follow(incidentEvents, { after: "MTowOjA" }).next()).rejects.toMatchObject({
      code: "FORBIDDEN",
    });
    const nobody = clientOf({ token: "nobody" });
    await expect(nobody.follow(incidentEvents, { after: "MTowOjA" }).next()).rejects.toMatchObject({
      code: "UNAUTHENTICATED",
    });
    const client = clientOf();
    const after = await server.app.feed.cursor(server.ours);
    const without = client.follow(
      "subscription ($after: String) { incidentEvents(after: $after) { kind } }",
      {},
      { after },
    );
    await open("leo");
    await expect(without.next()).rejects.toThrow(/does not select `cursor`/);
    for (const one of [keyed, nobody, client]) await one.close();
    expect(() => client.subscribe(metrics)).toThrow();
  });
});

it("a gauge is subscribed to again after a loss, and its latest value is state that can be shown", async () => {
  await using line = await Line.open(() => Number(new URL(server.url).port));
  const client = clientOf({ url: line.url });
  const store = createLiveStore<{ realtimeMetrics: { openIncidents: number } }, number>(
    -1,
    (onState) => client.subscribe(metrics, {}, { onState }),
    (_before, { realtimeMetrics }) => realtimeMetrics.openIncidents,
  );
  const leave = store.subscribe(() => {});
  await expect.poll(() => store.current()).toMatchObject({ state: "live", value: expect.any(Number) });
  const { value } = store.current();
  line.down();
  await expect.poll(() => store.current().state).toBe("waiting");
  await open("mia");
  line.heal();
  await expect
    .poll(() => store.current(), { timeout: 5_000 })
    .toMatchObject({ state: "live", value: expect.toSatisfy((open: number) => open > value) });
  leave();
  await expect.poll(() => server.streams().streams, { timeout: 20_000 }).toBe(0);
  await client.close();
});

describe("a question", () => {
  it("is asked again after a failure on the way, a mutation only where its sender says so", async () => {
    let asked = 0;
    const shaky = createServer((_request, response) => {
      asked++;
      if (asked % 3 === 1) return void response.destroy();
      if (asked % 3 === 2) return void response.writeHead(503, { "retry-after": "0" }).end("<h1>Bad Gateway</h1>");
      response.end('{"data":{"viewer":{"name":"ada"}}}');
    }).listen(0, "127.0.0.1");
    await once(shaky, "listening");
    const { port } = shaky.address() as { port: number };
    const client = createClient({ url: `http://127.0.0.1:${port}`, retry });
    expect(await client.query("{ viewer { name } }")).toEqual({ viewer: { name: "ada" } });
    expect(asked).toBe(3);
    await expect(client.mutate("mutation { x }")).rejects.toMatchObject({ code: "NETWORK" });
    expect(asked).toBe(4);
    await expect(client.mutate("mutation { x }")).rejects.toMatchObject({ code: "UNAVAILABLE", retryAfter: 0 });
    expect(asked).toBe(5);
    asked = 0;
    expect(await client.mutate("mutation { x }", {}, { retry: true })).toEqual({ viewer: { name: "ada" } });
    shaky.close();
  });

  it("asks for its token again where that cannot be had for a moment, and fails by a code where it never can", async () => {
    let asked = 0;
    const lost = new TypeError("fetch failed");
    const token = async () => (asked++ === 0 ? Promise.reject(lost) : server.admin);
    expect((await clientOf({ token }).query(incidents)).incidents.totalCount).toEqual(expect.any(Number));
    expect(asked).toBe(2);
    const never = clientOf({ token: () => Promise.reject(lost) }).query(incidents);
    await expect(never).rejects.toMatchObject({ name: "VigilError", code: "NETWORK", cause: lost });
  });

  it("fails by a code, in a time that is bounded or told", async () => {
    const client = clientOf();
    await expect(client.query("{ nothing }")).rejects.toMatchObject({ name: "VigilError", code: "BAD_USER_INPUT" });
    await expect(clientOf({ token: "nobody" }).query(incidents)).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
    const refused = clientOf({ token: server.key }).query(incidents);
    await expect(refused).rejects.toMatchObject({ code: "FORBIDDEN", path: ["incidents"] });
    const silent = createServer(() => {}).listen(0, "127.0.0.1");
    await once(silent, "listening");
    const url = `http://127.0.0.1:${(silent.address() as { port: number }).port}`;
    const slow = createClient({ url, retry: { ...retry, attempts: 2, timeout: 50 } });
    await expect(slow.query("{ x }")).rejects.toMatchObject({ code: "TIMEOUT" });
    const reason = new Error("changed my mind");
    await expect(slow.query("{ x }", {}, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    silent.closeAllConnections();
    silent.close();
    expect(() => createClient({ url: "::" })).toThrow(VigilError);
  });

  it("walks through the pages of a connection", async () => {
    const client = clientOf();
    const document =
      "query ($after: String) { incidents(first: 3, after: $after) { nodes { number } pageInfo { hasNextPage endCursor } } }";
    const seen: number[][] = [];
    // biome-ignore lint/suspicious/noExplicitAny: a text has no types
    for await (const page of client.pages<any, object, any>(document, {}, (data) => data.incidents)) {
      seen.push(page.nodes.map(({ number }: { number: number }) => number));
    }
    const all = (await client.query(incidents)).incidents.nodes.map(({ number }) => number);
    expect(seen.flat().sort((a, b) => a - b)).toEqual(all.sort((a, b) => a - b));
    expect(seen.length).toBe(Math.ceil(all.length / 3));
  });

  it("goes with the session of Vigil's own pages where there is no token", async () => {
    const headers = { cookie: `vigil_session=${server.admin}`, origin: server.url };
    class OurPage extends WebSocket {
      constructor(url: string, protocol: string) {
        super(url, protocol, { headers });
      }
    }
    const client = createClient({ url: server.url, headers: { cookie: headers.cookie }, webSocket: OurPage, retry });
    expect((await client.query(incidents)).incidents.totalCount).toBeGreaterThan(0);
    expect((await client.subscribe(metrics).next()).value.realtimeMetrics.openIncidents).toBeGreaterThan(0);
    await client.close();
  });
});

it("docs/client.md's example runs as it stands", async () => {
  const page = await readFile(join(import.meta.dirname, "../../docs/client.md"), "utf8");
  const [, example] = /```js\n(import \{ createClient \}[\s\S]*?)```/.exec(page) as unknown as [string, string];
  expect(example.trim().split("\n").length).toBeLessThanOrEqual(15);
  const lines = example.replace(/^import .*$/gm, "");
  const shown: { number: number }[][] = [];
  const AsyncFunction = (async () => {}).constructor as new (
    ...names: string[]
  ) => (...given: unknown[]) => Promise<void>;
  const kept: string[] = [];
  const env = { VIGIL_URL: server.url, VIGIL_TOKEN: server.admin };
  let client: ReturnType<typeof createClient> | undefined;
  const running = new AsyncFunction("createClient", "process", "show", "keep", lines)(
    (options: ClientOptions) => (client = createClient({ ...options, webSocket: WebSocket })),
    { env },
    (list: Iterable<{ number: number }>) => shown.push([...list]),
    (cursor: string) => kept.push(cursor),
  );
  await expect.poll(() => shown.length).toBe(1);
  const [number] = await open("nora");
  await expect.poll(() => shown.at(-1)?.map((incident) => incident.number)).toContain(number);
  expect(kept.length).toBe(shown.length);
  await client?.close();
  await running;
});

it("docs/client.md's example of pages runs as it stands", async () => {
  const page = await readFile(join(import.meta.dirname, "../../docs/client.md"), "utf8");
  const [, example = ""] = /```js\n(const open = [\s\S]*?)```/.exec(page) ?? [];
  await open("olga");
  const client = clientOf();
  const shown: { number: number }[] = [];
  const AsyncFunction = (async () => {}).constructor as new (
    ...names: string[]
  ) => (...given: unknown[]) => Promise<void>;
  await new AsyncFunction("client", "show", example)(client, (nodes: { number: number }[]) => shown.push(...nodes));
  const { rows } = await server.app.db.query<{ number: number }>(
    server.ours,
    "SELECT number FROM security_incidents WHERE organization_id = $1 AND status = 'OPEN'",
    [server.ours],
  );
  const numbers = (of: readonly { number: number }[]) => of.map(({ number }) => number).sort((a, b) => a - b);
  expect(numbers(shown)).toEqual(numbers(rows));
  expect(shown.length).toBeGreaterThan(0);
  await client.close();
});
