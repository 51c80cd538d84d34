import { v7 } from "uuid";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { createApiKeyCheck } from "../../src/access/api-key-check.ts";
import { createApiKey, revokeApiKey } from "../../src/access/api-keys.ts";
import { formatCredential, parseCredential } from "../../src/access/credential.ts";
import type { Database } from "../../src/db.ts";
import { createLog } from "../../src/log.ts";
import { testDatabase } from "../support/database.ts";

const log = createLog("silent");
const start = Date.parse("2026-11-24T12:00:00Z");
let base: Awaited<ReturnType<typeof testDatabase>>;
let db: Database;
let one: string;
let other: string;

beforeAll(async () => {
  base = await testDatabase();
  db = base.db;
  [one = "", other = ""] = base.organizations.map(({ id }) => id);
});
afterAll(() => base?.close());

function makeKey(expiresAt?: number) {
  const input = { name: "web shop", role: "INGEST" as const, actor: "ada@example.org", now: start };
  return db.inOrganization(one, (tx) => createApiKey(tx, expiresAt === undefined ? input : { ...input, expiresAt }));
}

const verify = (text: string) => createApiKeyCheck({ db, now: () => start, log }).verify(text);

/** The database, counting the statements run outside transactions. */
function counted(): { db: Database; queries: () => number } {
  const query = vi.fn(db.query) as unknown as Database["query"];
  const selects = () => vi.mocked(query).mock.calls.filter(([, text]) => typeof text !== "string").length;
  return { db: { ...db, query }, queries: selects };
}

test("a key tells its organization, role and name; only a hash of it is stored", async () => {
  const { id, secret } = await makeKey();
  const viewer = await verify(secret);
  expect(viewer).toEqual({
    organizationId: one,
    kind: "API_KEY",
    id,
    name: "web shop",
    role: "INGEST",
    expiresAt: undefined,
  });
  const { rows } = await db.query<{ row: string }>(
    one,
    "SELECT k::text AS row FROM api_keys k UNION ALL SELECT l::text FROM security_audit_log l",
  );
  const dump = rows.map(({ row }) => row).join("\n");
  expect(dump).toContain(id);
  expect(dump).not.toContain(secret);
  expect(dump).not.toContain(secret.slice(-39));
  expect(dump).not.toContain(Buffer.from(secret).toString("hex"));
});

test("another secret with the id of a known key is refused, in its own and in another organization", async () => {
  const { id } = await makeKey();
  for (const organizationId of [one, other, v7()]) {
    const forged = formatCredential({ kind: "ingest", organizationId, id });
    expect(parseCredential(forged)?.id).toBe(id);
    await expect(verify(forged)).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
  }
  await expect(verify("vigil_ingest_abc")).rejects.toThrow("not valid");
});

test("a revoked key stops within 5 seconds, an expired one at once; revoking twice is one entry", async () => {
  const clock = { now: start };
  const check = createApiKeyCheck({ db, now: () => clock.now, log });
  const { id, secret } = await makeKey(start + 60_000);
  await check.verify(secret);
  await db.inOrganization(one, (tx) => revokeApiKey(tx, id, "ada@example.org", start));
  await db.inOrganization(one, (tx) => revokeApiKey(tx, id, "ada@example.org", start));
  clock.now += 5_000;
  await expect(check.verify(secret)).rejects.toThrow("was revoked");
  const { rows } = await db.query(one, "SELECT action FROM security_audit_log WHERE entity_id = $1 ORDER BY seq", [id]);
  expect(rows.map(({ action }) => action)).toEqual(["API_KEY_CREATED", "API_KEY_REVOKED"]);

  const short = await makeKey(clock.now + 1_000);
  await check.verify(short.secret);
  clock.now += 1_000; // within the cache's time
  await expect(check.verify(short.secret)).rejects.toThrow("has expired");
});

test("a key of another organization cannot be revoked", async () => {
  const { id, secret } = await makeKey();
  const revoke = (key: string) => db.inOrganization(other, (tx) => revokeApiKey(tx, key, "eve@example.org", start));
  await expect(revoke(id)).rejects.toMatchObject({ code: "NOT_FOUND" });
  await expect(revoke("x")).rejects.toMatchObject({ code: "NOT_FOUND" });
  await verify(secret);
});

test("a busy key costs one query in 5 seconds, and one update in a minute", async () => {
  const clock = { now: start };
  const { id, secret } = await makeKey();
  const { db: watched, queries } = counted();
  const check = createApiKeyCheck({ db: watched, now: () => clock.now, log });
  for (let request = 0; request < 100; request++) await check.verify(secret);
  expect(queries()).toBe(1);

  const lastUsed = async () =>
    (await db.query(one, "SELECT last_used_at FROM api_keys WHERE id = $1", [id])).rows[0]?.last_used_at?.getTime();
  await vi.waitFor(async () => expect(await lastUsed()).toBe(start));
  clock.now = start + 30_000;
  await check.verify(secret);
  expect(await lastUsed()).toBe(start);
  clock.now = start + 60_000;
  await check.verify(secret);
  await vi.waitFor(async () => expect(await lastUsed()).toBe(start + 60_000));
});

test("a key whose last use cannot be recorded works", async () => {
  const { secret } = await makeKey();
  const query = ((organizationId, text, values) =>
    typeof text === "string"
      ? Promise.reject(new Error("read-only"))
      : db.query(organizationId, text, values)) as Database["query"];
  const warn = vi.fn();
  const check = createApiKeyCheck({ db: { ...db, query }, now: () => start, log: { warn } as never });
  expect((await check.verify(secret)).name).toBe("web shop");
  expect(warn).toHaveBeenCalledOnce();
  expect(JSON.stringify(warn.mock.calls)).not.toContain(secret);
});

test.each(["", "  ", "a\nb", "x".repeat(101), "nul\u0000"])("%j is no name for a key", async (name) => {
  const making = db.inOrganization(one, (tx) =>
    createApiKey(tx, { name, role: "INGEST", actor: "ada@example.org", now: start }),
  );
  await expect(making).rejects.toMatchObject({ code: "BAD_USER_INPUT" });
});
