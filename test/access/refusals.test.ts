import { buildSchema, type GraphQLObjectType, graphql } from "graphql";
import { v7 } from "uuid";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createAuthenticator } from "../../src/access/authenticate.ts";
import { formatCredential } from "../../src/access/credential.ts";
import { createRefusalLog, type RefusalLog } from "../../src/access/refusals.ts";
import { createTokens } from "../../src/access/tokens.ts";
import type { Database } from "../../src/db.ts";
import { currentDeadline, timeIsOver, withDeadline } from "../../src/deadline.ts";
import { auditRefusals } from "../../src/schema/refusals.ts";
import { quiet as log, testDatabase } from "../support/database.ts";

const clock = { now: Date.parse("2026-11-24T12:00:00Z") };
const now = () => clock.now;
let base: Awaited<ReturnType<typeof testDatabase>>;
let db: Database;
let one: string;
let other: string;
let refusals: RefusalLog;

beforeAll(async () => {
  base = await testDatabase();
  db = base.db;
  [one = "", other = ""] = base.organizations.map(({ id }) => id);
  refusals = createRefusalLog({ db, now, log });
});
afterAll(async () => {
  await refusals?.close();
  await base?.close();
});

const entry = { actor: "eve@example.org", action: "PERMISSION_REFUSED", entityKind: "User", entityId: "u1" };
const rows = async (organizationId: string, action = "PERMISSION_REFUSED") => {
  const text = "SELECT actor, entity_id, detail FROM security_audit_log WHERE action = $1 ORDER BY seq";
  return (await db.query(organizationId, text, [action])).rows;
};
const detailOf = async (organizationId: string) => (await rows(organizationId)).map(({ detail }) => detail);

test("A1 a refusal is an audit entry before it is answered; the same again is counted, and the count written", async () => {
  const refusal = { ...entry, organizationId: one, detail: { permission: "rule.write" } };
  await refusals.note(refusal);
  expect(await detailOf(one)).toEqual([{ permission: "rule.write" }]);
  for (let n = 0; n < 50; n++) await refusals.note(refusal);
  expect(await detailOf(one)).toHaveLength(1);
  clock.now += 60_000;
  await refusals.flush();
  expect(await detailOf(one)).toEqual([{ permission: "rule.write" }, { permission: "rule.write", repeats: 50 }]);
  await refusals.flush();
  expect(await detailOf(one)).toHaveLength(2);
});

test("A1 whoever fails 2,000 times in different ways writes 60 rows an hour, and one that counts the rest", async () => {
  for (let n = 0; n < 2_000; n++) await refusals.note({ ...entry, entityId: `u${n}`, organizationId: other });
  expect(await rows(other)).toHaveLength(60);
  clock.now += 3_600_000;
  await refusals.flush();
  const unrecorded = (await rows(other, "REFUSALS_UNRECORDED")).map(({ detail }) => detail);
  expect(unrecorded).toEqual([{ unrecorded: 1_940 }]);
  await refusals.note({ ...entry, entityId: "later", organizationId: other });
  expect(await rows(other)).toHaveLength(61);
});

test("A1 strangers who use up their rows leave room for those of people the organization knows", async () => {
  clock.now += 3_600_000;
  const before = (await rows(other)).length;
  for (let n = 0; n < 100; n++) {
    await refusals.note({ ...entry, actor: "unknown", entityId: `s${n}`, organizationId: other });
  }
  await refusals.note({ ...entry, entityId: "insider", organizationId: other });
  const found = (await rows(other)).slice(before).map(({ actor }) => actor);
  expect(found.filter((actor) => actor === "unknown")).toHaveLength(60);
  expect(found.at(-1)).toBe(entry.actor);
});

test("A1 refusals are written on after the clock was set back", async () => {
  const refusal = { ...entry, entityId: "back", organizationId: one };
  const written = async () => (await rows(one)).filter(({ entity_id }) => entity_id === "back");
  clock.now += 365 * 86_400_000;
  for (let n = 0; n < 60; n++) await refusals.note({ ...refusal, detail: { n } }); // its hour's rows are used up
  expect(await written()).toHaveLength(60);
  clock.now -= 365 * 86_400_000;
  await refusals.note({ ...refusal, detail: { n: 0 } });
  expect(await written()).toHaveLength(61);
});

test("A1 failed log-ins of every kind are in the log of the organization they name, and of no other", async () => {
  const tokens = createTokens({ secret: "a secret of the server: 32 bytes or more", now });
  const strange = createTokens({ secret: "another secret of 32 bytes or a few more", now });
  const { authenticate } = createAuthenticator({ db, tokens, refusals, now, log });
  const [key, session, user] = [v7(), v7(), v7()];
  const failing = [
    formatCredential({ kind: "ingest", organizationId: one, id: key }),
    formatCredential({ kind: "session", organizationId: one, id: session }),
    await strange.sign({ organizationId: one, userId: user, name: "eve", role: "ADMIN" }, 60),
    formatCredential({ kind: "ingest", organizationId: v7(), id: v7() }),
    "nonsense",
  ];
  for (const credential of failing) await expect(authenticate(credential)).rejects.toThrow();
  const found = await rows(one, "SIGN_IN_REFUSED");
  expect(found.map(({ entity_id }) => entity_id)).toEqual([key, session, user]);
  for (const credential of failing) expect(JSON.stringify(found)).not.toContain(credential.slice(-39));
  expect(await rows(other, "SIGN_IN_REFUSED")).toEqual([]);
});

test("A1 what is refused or fails because its time is over is written down all the same", async () => {
  const schema = buildSchema("type Query { a: Int } type Mutation { late: Int }");
  const { late } = (schema.getMutationType() as GraphQLObjectType).getFields();
  const isOver = () =>
    new Promise<void>((resolve) => currentDeadline()?.addEventListener("abort", () => resolve(), { once: true }));
  Object.assign(late as object, {
    async resolve() {
      await isOver();
      await refusals.note({ ...entry, entityId: "late", organizationId: one });
      throw timeIsOver();
    },
  });
  const viewer = { organizationId: one, kind: "USER", name: "ann@example.org" };
  const contextValue = { viewer, services: { db, log } };
  let work: Promise<unknown> | undefined;
  const run = () => {
    work = graphql({ schema: auditRefusals(schema), source: "mutation { late }", contextValue });
    return work;
  };
  expect(await withDeadline<unknown>(1, run, () => "late")).toBe("late");
  await work;
  expect((await rows(one)).map(({ entity_id }) => entity_id)).toContain("late");
  expect(await rows(one, "MUTATION_FAILED")).toEqual([
    { actor: "ann@example.org", entity_id: "late", detail: { codes: ["UNAVAILABLE"], address: null } },
  ]);
});
