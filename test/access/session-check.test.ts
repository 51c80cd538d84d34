import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { createSessionCheck } from "../../src/access/session-check.ts";
import { createSession } from "../../src/access/sessions.ts";
import { ensureUser } from "../../src/access/users.ts";
import type { Database } from "../../src/db.ts";
import { quiet as log, testDatabase } from "../support/database.ts";

const clock = { now: Date.parse("2026-11-24T12:00:00Z") };
const now = () => clock.now;
const minute = 60_000;
let base: Awaited<ReturnType<typeof testDatabase>>;
let db: Database;
let one: string;

beforeAll(async () => {
  base = await testDatabase();
  db = base.db;
  one = base.organizations[0]?.id ?? "";
});
afterAll(() => base?.close());

async function signedIn(): Promise<{ id: string; secret: string; userId: string }> {
  return db.inOrganization(one, async (tx) => {
    const userId = await ensureUser(tx, { email: "ada@example.org", name: "Ada", role: "VIEWER", now: clock.now });
    return { ...(await createSession(tx, userId, clock.now)), userId };
  });
}
const row = async (id: string) =>
  (await db.query(one, "SELECT last_used_at, ended_at FROM sessions WHERE id = $1", [id])).rows[0] ?? {};

test("H5 a session that nobody uses ends after 15 minutes, for good, with one audit entry", async () => {
  const { id, secret } = await signedIn();
  const check = createSessionCheck({ db, now, log });
  await check.verify(secret, true);
  clock.now += 15 * minute - 1;
  await check.verify(secret, false); // an open socket looks; that is no use
  clock.now += 1;
  await expect(check.verify(secret, true)).rejects.toThrow("nobody used it for 15 minutes");
  await expect(createSessionCheck({ db, now, log }).verify(secret, true)).rejects.toThrow("has ended");
  expect((await row(id)).ended_at).toEqual(new Date(clock.now));
  const text = "SELECT detail FROM security_audit_log WHERE action = 'SIGNED_OUT' AND detail->>'sessionId' = $1";
  expect((await db.query(one, text, [id])).rows).toEqual([{ detail: { sessionId: id, reason: "IDLE" } }]);
});

test("H5 a session in use goes on, its use written once a minute, until it is 12 hours old", async () => {
  const { id, secret } = await signedIn();
  const start = clock.now;
  const check = createSessionCheck({ db, now, log });
  clock.now = start + 59_999;
  await check.verify(secret, true);
  expect((await row(id)).last_used_at.getTime()).toBe(start);
  for (let at = start + minute; at < start + 12 * 60 * minute; at += 14 * minute) {
    clock.now = at;
    await check.verify(secret, true);
    await vi.waitFor(async () => expect((await row(id)).last_used_at.getTime()).toBe(at));
  }
  clock.now = start + 12 * 60 * minute;
  await expect(check.verify(secret, true)).rejects.toThrow("12 hours old");
});

test("H5 use on one server keeps a session awake on another", async () => {
  const { id, secret } = await signedIn();
  const start = clock.now;
  const [first, second] = [createSessionCheck({ db, now, log }), createSessionCheck({ db, now, log })];
  await second.verify(secret, true);
  clock.now = start + 10 * minute;
  await first.verify(secret, true);
  await vi.waitFor(async () => expect((await row(id)).last_used_at.getTime()).toBe(clock.now));
  clock.now = start + 20 * minute;
  await second.verify(secret, false);
  clock.now = start + 25 * minute - 1;
  await second.verify(secret, false); // the socket there looks, and the user comes back by the other
  await first.verify(secret, true);
  await vi.waitFor(async () => expect((await row(id)).last_used_at.getTime()).toBe(clock.now));
  clock.now = start + 25 * minute;
  await second.verify(secret, false);
});

test("H5 the organization's own idle time counts", async () => {
  const { secret } = await signedIn();
  await db.query(one, "UPDATE organizations SET session_idle_minutes = 2 WHERE id = $1", [one]);
  const check = createSessionCheck({ db, now, log });
  await check.verify(secret, true);
  clock.now += 2 * minute;
  await expect(check.verify(secret, true)).rejects.toThrow("2 minutes");
  await db.query(one, "UPDATE organizations SET session_idle_minutes = 15 WHERE id = $1", [one]);
});

test("only a hash of a session is stored, and another secret with its id is refused", async () => {
  const { id, secret } = await signedIn();
  const { rows } = await db.query<{ row: string }>(one, "SELECT s::text AS row FROM sessions s");
  const dump = rows.map((found) => found.row).join("\n");
  expect(dump).toContain(id);
  expect(dump).not.toContain(secret.slice(-39, -6));
  const { secret: other } = await signedIn();
  const forged = secret.slice(0, -39) + other.slice(-39);
  await expect(createSessionCheck({ db, now, log }).verify(forged, true)).rejects.toThrow("not valid");
});
