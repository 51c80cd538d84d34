import { createClient } from "graphql-ws";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import WebSocket from "ws";
import type { Viewer } from "../../src/access/viewer.ts";
import { givenRedis } from "../support/given-redis.ts";
import { type Serving, serving } from "./serving.ts";

let server: Serving;
beforeAll(async () => {
  server = await serving({}, { operationLimits: { query: 3, mutation: 2, heavy: 1, secret: 3 } });
});
afterAll(() => server.close());

const codes = async (response: Response): Promise<[number, (string | undefined)[]]> => {
  const { errors = [] } = (await response.json()) as { errors?: { extensions: { code: string } }[] };
  return [response.status, errors.map(({ extensions }) => extensions.code)];
};

describe("how often a root field may be asked for", () => {
  it("is bounded for each viewer and field, and told with 429, RATE_LIMITED and when to come back", async () => {
    const ask = () => server.graphql("{ viewer { name } }", { token: "admin" });
    for (let n = 0; n < 3; n++) expect(await codes(await ask())).toEqual([200, []]);
    const refused = await ask();
    const seconds = Number(refused.headers.get("retry-after"));
    expect(seconds).toBeGreaterThan(0);
    expect(seconds).toBeLessThanOrEqual(10);
    const { data, errors } = (await refused.clone().json()) as { data?: unknown; errors: { message: string }[] };
    expect(await codes(refused)).toEqual([429, ["RATE_LIMITED"]]);
    expect(data ?? null).toBeNull();
    expect(errors[0]).toEqual({
      message: `viewer may be asked for 3 times in 10 seconds: try again in ${seconds} seconds`,
      extensions: { code: "RATE_LIMITED" },
    });
    // Another field has its own count.
    expect(await codes(await server.graphql("{ status { ok } }", { token: "admin" }))).toEqual([200, []]);
  });

  it("counts a mutation by each use of it, also by another name in one document, and then runs none of them", async () => {
    const before = server.ingested.length;
    const event = 'securityEventsIngest(input: {events: [{action: "x"}]}) { accepted }';
    const twice = await server.graphql(`mutation { a: ${event} b: ${event} }`, { token: "ingest" });
    expect(await codes(twice)).toEqual([200, []]);
    expect(server.ingested.length).toBe(before + 2);
    expect(await codes(await server.graphql(`mutation { ${event} }`, { token: "ingest" }))).toEqual([
      429,
      ["RATE_LIMITED"],
    ]);
    expect(server.ingested.length).toBe(before + 2);
  });

  it("is less where a field reads much of what is stored", async () => {
    const ask = async () => codes(await server.graphql("{ auditVerify { ok } }", { token: "admin" }));
    expect((await ask())[1]).not.toContain("RATE_LIMITED");
    expect(await ask()).toEqual([429, ["RATE_LIMITED"]]);
  });

  it("holds over a WebSocket too, which stays open", async () => {
    const client = createClient({
      url: `${server.url.replace("http", "ws")}/graphql`,
      webSocketImpl: WebSocket,
      connectionParams: { authorization: "Bearer admin" },
      retryAttempts: 0,
    });
    const ask = async (query: string) => (await client.iterate({ query }).next()).value;
    for (let n = 0; n < 2; n++) await ask("{ status { ok } }"); // one was asked for over HTTP
    expect(await ask("{ status { ok } }")).toMatchObject({ errors: [{ extensions: { code: "RATE_LIMITED" } }] });
    expect(await ask("{ __typename }")).toMatchObject({ data: { __typename: "Query" } });
    await client.dispose();
  });
});

/** Whoever comes is somebody; `other…` of another organization. */
const anybody = {
  authenticate: async (credential: string): Promise<Viewer> => ({
    organizationId: credential.startsWith("other")
      ? "01900000-0000-7000-8000-000000000002"
      : "01900000-0000-7000-8000-000000000001",
    kind: "USER",
    id: credential,
    name: credential,
    role: "ADMIN",
    expiresAt: undefined,
  }),
};

it("is bounded for an organization as a whole: five times what one of its viewers has", async () => {
  const people = Array.from({ length: 8 }, (_, n) => `u${n}`);
  const many = await serving(
    { authenticator: anybody },
    { operationLimits: { query: 1, mutation: 1, heavy: 1, secret: 3 } },
  );
  try {
    const answers = [];
    for (const token of people) answers.push((await codes(await many.graphql("{ viewer { name } }", { token })))[0]);
    expect(answers).toEqual([200, 200, 200, 200, 200, 429, 429, 429]);
    expect((await codes(await many.graphql("{ viewer { name } }", { token: "other" })))[0]).toBe(200);
  } finally {
    await many.close();
  }
});

it("is not used up for others by one who asks too often, however often one document names a field", async () => {
  const operationLimits = { query: 3, mutation: 1, heavy: 1, secret: 3 };
  await using many = await serving({ authenticator: anybody }, { operationLimits });
  const ask = async (query: string, token: string) => codes(await many.graphql(query, { token }));
  const verify = 'mutation { totpVerify(input: {code: "1"}) { userErrors { message } } }';
  expect((await ask(`mutation { ${"totpVerify ".repeat(101)} }`, "greedy"))[1]).toEqual(["COMPLEXITY_LIMIT"]);
  expect(await ask(verify, "greedy")).toEqual([429, ["RATE_LIMITED"]]);
  expect(await ask(verify, "ada")).toEqual([200, []]);
  expect(await ask(`{ ${"viewer { name } ".repeat(101)} }`, "greedy")).toEqual([429, ["RATE_LIMITED"]]);
  expect(await ask("{ viewer { name } }", "ada")).toEqual([200, []]);
});

describe("with Redis", () => {
  const limits = { operationLimits: { query: 2, mutation: 1, heavy: 1, secret: 3 } };
  const user = (id: string): Viewer => ({
    organizationId: "01900000-0000-7000-8000-000000000009",
    kind: "USER",
    id,
    name: id,
    role: "ADMIN",
    expiresAt: undefined,
  });
  const authenticator = { authenticate: async (credential: string) => user(credential) };

  it("two servers count together, and tell how long the window still lasts", async () => {
    const redisUrl = inject("redisUrl");
    await using one = await serving({ authenticator }, { ...limits, redisUrl });
    await using two = await serving({ authenticator }, { ...limits, redisUrl });
    const redis = await givenRedis();
    const keyOf = (name: string): string => `vigil:limit:query:1:${user("").organizationId} USER ${name} viewer`;
    for (const [name, server] of Object.entries({ one, two })) {
      let probes = 0;
      const counted = async (): Promise<number> => {
        const token = `${name}-${probes++}`;
        await server.graphql("{ viewer { name } }", { token });
        return redis.exists(keyOf(token));
      };
      await expect.poll(counted).toBe(1); // its connection stands
    }
    const ask = (server: Serving) => server.graphql("{ viewer { name } }", { token: "ada" });
    expect((await ask(one)).status).toBe(200);
    expect((await ask(two)).status).toBe(200);
    expect(await redis.pexpire(keyOf("ada"), 4_000)).toBe(1); // as if 6 seconds had gone by
    for (const server of [one, two]) {
      const refused = await ask(server);
      expect(refused.status).toBe(429);
      expect(Number(refused.headers.get("retry-after"))).toBeLessThanOrEqual(4);
    }
    redis.disconnect();
  });

  it("each server goes on by itself while Redis is away", async () => {
    await using alone = await serving({ authenticator }, { ...limits, redisUrl: "redis://127.0.0.1:1" });
    const ask = async () => (await alone.graphql("{ viewer { name } }", { token: "eve" })).status;
    expect([await ask(), await ask(), await ask()]).toEqual([200, 200, 429]);
  });
});
