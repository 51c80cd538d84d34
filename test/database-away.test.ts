import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isDatabaseAway } from "../src/database-away.ts";
import { openDatabase } from "../src/db.ts";
import { quiet, type TestDatabase, testDatabase } from "./support/database.ts";
import { Line } from "./support/line.ts";
import { type TestServer, testServer } from "./support/server.ts";

let database: TestDatabase;
let dataDir: string;
let line: Line;
let server: TestServer;

beforeAll(async () => {
  database = await testDatabase({ seeded: true });
  const { port } = new URL(database.serverUrl);
  line = await Line.open(() => Number(port));
  const through = new URL(database.serverUrl);
  through.port = String(line.port);
  dataDir = await mkdtemp(join(tmpdir(), "vigil-away-"));
  server = await testServer({ beside: { database: { ...database, serverUrl: through.href }, dataDir } });
});
afterAll(async () => {
  line.heal();
  await server.close();
  line.close();
  await database.close();
  await rm(dataDir, { recursive: true });
});

describe("a database that goes away", () => {
  it("F7: a connection that is lost between two statements fails its transaction, and ends no process", async () => {
    const organization = database.organizations[0] as { id: string };
    const lost = database.db.inOrganization(organization.id, async (tx) => {
      const { rows } = await tx.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
      const isThere = async (): Promise<boolean> =>
        (await database.asOwner(`SELECT FROM pg_stat_activity WHERE pid = ${rows[0]?.pid}`)).length > 0;
      await database.asOwner(`SELECT pg_terminate_backend(${rows[0]?.pid})`);
      while (await isThere()) await wait(5);
      await wait(0); // its last words are read
      await tx.query("SELECT 1");
    });
    const error = await lost.catch((reason: unknown) => reason);
    expect(isDatabaseAway(error), String(error)).toBe(true);
  });

  it("F18: that answers nothing any more on a connection is given up there, and asked on another one", async () => {
    const organization = database.organizations[0] as { id: string };
    const url = new URL(database.serverUrl);
    const port = Number(url.port);
    await using dead = await Line.open(() => port);
    url.port = String(dead.port);
    const db = openDatabase({ url: url.href, log: quiet, poolSize: 1, answerPatience: 1_000 });
    const lost = db.inOrganization(organization.id, async (tx) => {
      dead.blackhole(); // as when the database's machine is gone without a word
      await tx.query("SELECT 1");
    });
    const error = await lost.catch((reason: unknown) => reason);
    expect(isDatabaseAway(error), String(error)).toBe(true);
    dead.heal();
    expect(await db.organizationIds()).toContain(organization.id);
    await db.close();
  });

  it("F5: is told as UNAVAILABLE over HTTP and GraphQL, with when to try again, until it is back", async () => {
    const ingest = () =>
      fetch(`${server.url}/ingest`, {
        method: "POST",
        headers: { authorization: `Bearer ${server.key}`, "content-type": "application/json" },
        body: JSON.stringify([{ action: "login" }]),
      });
    const asked = () =>
      fetch(`${server.url}/graphql`, {
        method: "POST",
        headers: { authorization: `Bearer ${server.admin}`, "content-type": "application/json" },
        body: JSON.stringify({ query: "{ incidents(first: 1) { nodes { id } } viewer { name } }" }),
      });
    const ask = async () => (await asked()).json();
    expect((await ingest()).status).toBe(200);

    line.refuse();
    line.reset();
    const refused = await ingest();
    expect(refused.status).toBe(503);
    expect(await refused.json()).toMatchObject({ error: { code: "UNAVAILABLE" } });
    const answer = await asked();
    const { errors } = (await answer.json()) as { errors: { extensions: object }[] };
    expect(errors[0]?.extensions).toEqual({ code: "UNAVAILABLE" });
    expect([refused.headers.get("retry-after"), answer.headers.get("retry-after")]).toEqual(["1", "1"]);

    line.heal();
    expect((await ingest()).status).toBe(200);
    expect(await ask()).not.toHaveProperty("errors");
  });

  it.each([
    [Object.assign(new Error("connect"), { code: "ECONNREFUSED" }), true],
    [new AggregateError([Object.assign(new Error("connect"), { code: "ECONNREFUSED" })]), true],
    [new Error("over", { cause: Object.assign(new Error("shutting down"), { code: "57P01" }) }), true],
    [new Error("Connection terminated unexpectedly"), true],
    [new Error("Query read timeout"), true],
    [Object.assign(new Error("getaddrinfo ENOTFOUND postgres"), { code: "ENOTFOUND" }), true],
    [Object.assign(new Error("getaddrinfo EAI_AGAIN postgres"), { code: "EAI_AGAIN" }), true],
    [Object.assign(new Error("connect ENETUNREACH"), { code: "ENETUNREACH" }), true],
    [Object.assign(new Error("unique"), { code: "23505" }), false],
    [Object.assign(new Error("cancelled"), { code: "57014" }), false],
    [new Error("another"), false],
    ["no error", false],
  ])("is known by what is said of it: %s", (error, isAway) => {
    expect(isDatabaseAway(error)).toBe(isAway);
  });
});
