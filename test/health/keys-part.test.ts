import { randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { parseConfig } from "../../src/config.ts";
import { examine } from "../../src/doctor/doctor.ts";
import { rewrap } from "../../src/secrets/rotation.ts";
import { type TestDatabase, testDatabase } from "../support/database.ts";
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
  now += 60_000;
  expect(await health(both)).toEqual([200, true]);
  expect(await health(server)).toEqual([200, true]);
  expect(await health(first)).toEqual([503, false]);
});
