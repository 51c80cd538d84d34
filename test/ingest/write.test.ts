import { v7 as uuidv7 } from "uuid";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Tx } from "../../src/db.ts";
import { insertEvents } from "../../src/ingest/write.ts";
import { createNames } from "../../src/statement-names.ts";
import { event } from "../detect/rules.ts";
import { type TestDatabase, testDatabase } from "../support/database.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
  await database.db.ensureEventPartitions(3);
});
afterAll(() => database.close());

const fields = ["device", "sessionId", "userAgent", "message"] as const;
/** An event with one of sixteen sets of fields. */
const shaped = (shape: number) => ({
  ...event(Object.fromEntries(fields.filter((_, place) => (shape >> place) & 1).map((name) => [name, "x"]))),
  id: uuidv7(),
});

async function prepared(tx: Tx): Promise<number> {
  const { rows } = await tx.query<{ n: number }>(
    "SELECT count(*)::int AS n FROM pg_prepared_statements WHERE name LIKE 'insert_events_%'",
  );
  return rows[0]?.n ?? 0;
}

describe("the statement that stores events", () => {
  it("is prepared where the same fields come again, not for every set of fields that a sender thinks up", async () => {
    const [organization] = database.organizations;
    await database.db.inOrganization(organization?.id ?? "", async (tx) => {
      for (let shape = 0; shape < 16; shape++) await insertEvents(tx, [{ clear: shaped(shape) }]);
      expect(await prepared(tx)).toBeLessThan(16);
      const before = await prepared(tx);
      for (let again = 0; again < 3; again++)
        await insertEvents(tx, [{ clear: { ...shaped(15), target: { type: "t", name: "only here" } } }]);
      expect(await prepared(tx)).toBe(before + 1);
    });
  });

  it("has one of a limited number of names, which it keeps", () => {
    const nameOf = createNames((set: number) => `s_${set.toString(36)}`, 2);
    expect([1, 1, 1, 1].map(nameOf)).toEqual([undefined, undefined, "s_1", "s_1"]);
    for (let statement = 2; statement < 100; statement++) expect(nameOf(statement)).toBeUndefined();
    expect([8, 8, 8].map(nameOf)).toEqual([undefined, undefined, "s_8"]);
    expect([9, 9, 9].map(nameOf)).toEqual([undefined, undefined, undefined]);
    expect([1, 8].map(nameOf)).toEqual(["s_1", "s_8"]);
  });
});
