import { randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { parseConfig } from "../../src/config.ts";
import { examine } from "../../src/doctor/doctor.ts";
import { watchKeys } from "../../src/health/keys-part.ts";
import { rewrap } from "../../src/secrets/rotation.ts";
import { quiet, type TestDatabase, testDatabase } from "../support/database.ts";
import { type TestServer, testServer } from "../support/server.ts";

let database: TestDatabase;
let dataDir: string;
let first: TestServer;
let own: string; // the key that the first server made
let now = Date.now();
const another = `another:${randomBytes(32).toString("base64")}`;
const servers: TestServer[] = [];

async function serverWith(keys?: string): Promise<TestServer> {
  const env = keys === undefined ? {} : { VIGIL_ENCRYPTION_KEYS: keys };
  const server = await testServer({ beside: { database, dataDir }, env, now: () => now });
  servers.push(server);
  return server;
}
const event = JSON.stringify({ action: "record.read", target: { patientId: "p-1" } });
async function health(server: TestServer): Promise<[status: number, keys: boolean]> {
  const answer = await fetch(`${server.url}/health/ready`);
  const { parts } = (await answer.json()) as { parts: { name: string; ok: boolean }[] };
  return [answer.status, parts.find(({ name }) => name === "keys")?.ok === true];
}
async function doctor(keys: string): Promise<string | undefined> {
  const config = { VIGIL_DATA_DIR: dataDir, DATABASE_URL: database.serverUrl, VIGIL_ENCRYPTION_KEYS: keys };
  return (await examine(parseConfig(config), now)).find(({ part }) => part === "data keys")?.level;
}

beforeAll(async () => {
  database = await testDatabase({ seeded: true });
  dataDir = await mkdtemp(join(tmpdir(), "vigil-keys-"));
  first = await serverWith();
  own = (await readFile(join(dataDir, "encryption-keys"), "utf8")).trim();
});
afterAll(async () => {
  for (const server of servers) await server.close();
  await database.close();
  await rm(dataDir, { recursive: true });
});

it("A server that has not the keys of the database is not ready, and says so; doctor, too", async () => {
  expect((await first.ingest(event)).accepted).toBe(1);
  const [id] = own.split(":");
  for (const keys of [another, `${id}:${randomBytes(32).toString("base64")}`]) {
    const server = await serverWith(keys);
    expect((await server.ingest(event)).status).toBe(503);
    expect(await health(server)).toEqual([503, false]);
    expect(await doctor(keys)).toBe("BAD");
  }
  expect(await health(first)).toEqual([200, true]);
  expect(await health(await serverWith(`${another},${own}`))).toEqual([200, true]);
  expect(await doctor(`${another},${own}`)).toBe("GOOD");
});

it("It serves those whose keys it has, and tells of a rotation that it has missed", async () => {
  const server = await serverWith(another);
  await server.app.db.inOrganization(server.theirs, (tx) => server.app.vault.rotate(tx));
  expect(await health(server)).toEqual([200, false]);

  const both = await serverWith(`${another},${own}`);
  expect(await rewrap(both.app.db, both.app.keyService, both.ours)).toBeGreaterThan(0);
  now += 300_000; // what was found before that may still serve
  expect(await health(both)).toEqual([200, true]);
  expect(await health(server)).toEqual([200, true]);
  expect(await health(first)).toEqual([503, false]);
});

it("Where only what is no longer sealed with does not open, no event is said to be refused", async () => {
  const [before, after] = [await serverWith(`${another},${own}`), await serverWith(`${own},${another}`)];
  for (const id of await after.app.db.organizationIds()) {
    await rewrap(after.app.db, after.app.keyService, id);
    for (const { app } of [before, after]) await app.db.inOrganization(id, (tx) => app.vault.rotate(tx));
  }
  const without = await serverWith(own);
  expect(await health(without)).toEqual([200, false]);
  const { parts } = await without.app.health();
  const { detail } = parts.find(({ name }) => name === "keys") as { detail: string };
  expect(detail).toMatch(/^what the encryption key another wrapped .*: what it sealed is not read$/);
  expect((await without.ingest(event)).accepted).toBe(1);
  const config = { VIGIL_DATA_DIR: dataDir, DATABASE_URL: database.serverUrl, VIGIL_ENCRYPTION_KEYS: own };
  const found = (await examine(parseConfig(config), now)).find(({ part }) => part === "data keys");
  expect(found?.says).toMatch(/does not open: what it sealed is not read$/);
});

it("Waits for a look at the keys where it knows nothing, or nothing that is still of use, and for no other", async () => {
  const looks: ((ids: string[]) => void)[] = [];
  const organizationIds = () => new Promise<string[]>((resolve) => looks.push(resolve));
  const rows = [{ id: "1", kek_id: "gone", wrapped: Buffer.alloc(0), state: "CURRENT" }];
  const db = { organizationIds, query: async () => ({ rows }) } as never;
  const unwrap = () => Promise.reject(new Error("there is no such key"));
  let time = 0;
  const part = watchKeys({ db, service: { currentKeyId: "", wrap: unwrap, unwrap }, now: () => time, log: quiet });
  const both = Promise.all([part(), part()]);
  looks[0]?.([]);
  expect((await both).map(({ ok }) => ok)).toEqual([true, true]);
  time += 60_000;
  expect([(await part()).ok, (await part()).ok, looks.length]).toEqual([true, true, 2]); // a look is under way
  looks[1]?.(["clinic"]);
  await expect.poll(async () => (await part()).ok).toBe(false);
  for (const jump of [3_600_000, -7_200_000]) {
    time += jump;
    const asked = part();
    looks.at(-1)?.([]);
    expect((await asked).ok).toBe(true);
  }
  expect(looks).toHaveLength(4);
});
