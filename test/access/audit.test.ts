import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { audit, verifyAudit } from "../../src/access/audit.ts";
import { testDatabase } from "../support/database.ts";

let base: Awaited<ReturnType<typeof testDatabase>>;
let one: string;
let other: string;

beforeAll(async () => {
  base = await testDatabase();
  [one = "", other = ""] = base.organizations.map(({ id }) => id);
});
afterAll(() => base?.close());

const append = (organizationId: string, entityId: string) =>
  base.db.inOrganization(organizationId, (tx) =>
    audit(tx, { actor: "ada@example.org", action: "TRIED", entityKind: "Thing", entityId, detail: { b: 1, a: "ü" } }),
  );

/** Runs statements as the tables' owner, within the organization's own policy. */
async function asOwner(organizationId: string, ...statements: string[]): Promise<void> {
  const client = new pg.Client({ connectionString: base.ownerUrl });
  await client.connect();
  try {
    await client.query("SELECT set_config('app.organization_id', $1, false)", [organizationId]);
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}

test("a chain written by many at once verifies, each organization for itself", async () => {
  expect(await verifyAudit(base.db, other)).toEqual({ entries: 0 });
  await Promise.all(Array.from({ length: 50 }, (_, place) => append(one, String(place))));
  await append(other, "0");
  expect(await verifyAudit(base.db, one)).toEqual({ entries: 50 });
  expect(await verifyAudit(base.db, other)).toEqual({ entries: 1 });
});

test("what is rolled back leaves no entry and no gap", async () => {
  const failing = base.db.inOrganization(one, async (tx) => {
    await audit(tx, { actor: "vigil", action: "TRIED", entityKind: "Thing", entityId: "x" });
    throw new Error("no");
  });
  await expect(failing).rejects.toThrow("no");
  await append(one, "50");
  expect(await verifyAudit(base.db, one)).toEqual({ entries: 51 });
});

test("the server's role can neither change nor remove an entry", async () => {
  for (const text of ["UPDATE security_audit_log SET actor = 'eve'", "DELETE FROM security_audit_log"]) {
    await expect(base.db.query(one, text)).rejects.toThrow("permission denied");
  }
});

test.each([
  ["a changed actor", "UPDATE security_audit_log SET actor = 'eve' WHERE seq = 20", 20n],
  ["a changed detail", `UPDATE security_audit_log SET detail = '{"a": "u", "b": 1}' WHERE seq = 10`, 10n],
  ["a changed time", "UPDATE security_audit_log SET at = at + interval '1 microsecond' WHERE seq = 5", 5n],
  ["a missing entry", "DELETE FROM security_audit_log WHERE seq = 3", 4n],
  ["a missing start", "DELETE FROM security_audit_log WHERE seq = 1", 2n],
])("%s is found: the first bad entry is named", async (_name, statement, firstBad) => {
  await asOwner(one, `${statement}${statement.includes(" WHERE ") ? " AND" : " WHERE"} organization_id = '${one}'`);
  expect((await verifyAudit(base.db, one)).firstBad).toBe(firstBad);
  expect(await verifyAudit(base.db, other)).toEqual({ entries: 1 });
});
