import { afterAll, beforeAll, expect, test } from "vitest";
import { audit } from "../../src/access/audit.ts";
import { type TestDatabase, testDatabase } from "../support/database.ts";

let base: TestDatabase;
let one: string;

beforeAll(async () => {
  base = await testDatabase();
  one = base.organizations[0]?.id as string;
});
afterAll(() => base?.close());

const rows = (action: string) =>
  base.asOwner<{ seq: string; actor: string; entity_id: string; detail: unknown }>(
    "SELECT seq, actor, entity_id, detail FROM security_audit_log WHERE organization_id = $1 AND action = $2 ORDER BY seq",
    [one, action],
  );

test("what is rolled back leaves no entry and no gap", async () => {
  const append = (failing: boolean) =>
    base.db.inOrganization(one, async (tx) => {
      await audit(tx, { actor: "vigil", action: "TRIED", entityKind: "Thing", entityId: "x" });
      if (failing) throw new Error("no");
    });
  await append(false);
  await expect(append(true)).rejects.toThrow("no");
  await append(false);
  expect((await rows("TRIED")).map(({ seq }) => seq)).toEqual(["1", "2"]);
});

test("text that PostgreSQL cannot hold does not keep an entry from being written", async () => {
  const detail = { "a\0": "b\0", c: ["\ud800x", { d: "😀\udc00" }], e: 1.5 };
  await base.db.inOrganization(one, (tx) =>
    audit(tx, { actor: "e\0ve", action: "ODD", entityKind: "Thing", entityId: "\udfff", detail }),
  );
  expect(await rows("ODD")).toMatchObject([
    {
      actor: "e\ufffdve",
      entity_id: "\ufffd",
      detail: { "a\ufffd": "b\ufffd", c: ["\ufffdx", { d: "😀\ufffd" }], e: 1.5 },
    },
  ]);
});

test.each([
  "UPDATE security_audit_log SET actor = 'eve'",
  "UPDATE security_audit_log SET hash = hash",
  "DELETE FROM security_audit_log",
  "TRUNCATE security_audit_log",
  "UPDATE audit_checkpoints SET seq = 1",
  "DELETE FROM audit_checkpoints",
  "TRUNCATE audit_checkpoints",
  "DELETE FROM audit_patients",
  "ALTER TABLE security_audit_log DISABLE ROW LEVEL SECURITY",
  "DROP TABLE security_audit_log",
])("A2: the server's role may not: %s", async (statement) => {
  await expect(base.db.query(one, statement)).rejects.toThrow(/permission denied|must be owner/);
});
