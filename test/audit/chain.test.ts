import { pipeline } from "node:stream/promises";
import pg from "pg";
import copy from "pg-copy-streams";
import { afterEach, beforeEach, expect, test } from "vitest";
import { audit } from "../../src/access/audit.ts";
import { testDatabase } from "../support/database.ts";
import fc from "../support/property.ts";
import { type Auditing, auditing } from "./auditing.ts";

const auditColumns = "organization_id, seq, at, actor, action, entity_kind, entity_id, detail, previous_hash, hash";
const checkpointColumns = "organization_id, seq, hash, at, key_id, signature";

let it: Auditing;
beforeEach(async () => {
  it = await auditing();
});
afterEach(() => it.close());

test("A3: 16 writers at once fork nothing and leave no gap", { timeout: 60_000 }, async () => {
  const each = 60;
  const writer = async (writer: number) => {
    for (let n = 0; n < each; n++) {
      const append = it.base.db.inOrganization(it.one, async (tx) => {
        await audit(tx, { actor: `w${writer}`, action: "TRIED", entityKind: "Thing", entityId: String(n) });
        if (n % 10 === 9) throw new Error("rolled back");
      });
      await append.catch((error: Error) => expect(error.message).toBe("rolled back"));
    }
  };
  await Promise.all(Array.from({ length: 16 }, (_, number) => writer(number)));
  const written = 16 * each * 0.9;
  expect(await it.trail.verify(it.one)).toMatchObject({ entries: written, head: { seq: written } });
  expect((await it.trail.verify(it.one)).fault).toBeUndefined();
  const [counts] = await it.base.asOwner(
    `SELECT count(*)::int AS entries, count(DISTINCT previous_hash)::int AS links, max(seq)::int AS last
     FROM security_audit_log WHERE organization_id = $1`,
    [it.one],
  );
  expect(counts).toEqual({ entries: written, links: written, last: written });
});

/** Any value JSON can hold, with the numbers and texts that storage likes to change. */
const anyDetail = fc.dictionary(
  fc.string({ unit: "binary", maxLength: 8 }),
  fc.oneof(
    fc.jsonValue({ stringUnit: "binary" }),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.maxSafeInteger(),
    fc.constantFrom(1e21, 1e-7, 5e-324, -0, 0.1, Number.MAX_VALUE, "Å", "Å", "😀", "\u2028", "\ufeff", "ß"),
  ),
  { maxKeys: 6 },
);
const anyEntry = fc.record({
  actor: fc.string({ unit: "binary", maxLength: 20 }),
  action: fc.string({ unit: "grapheme", maxLength: 20 }),
  entityKind: fc.string({ unit: "binary", maxLength: 20 }),
  entityId: fc.string({ unit: "binary-ascii", maxLength: 20 }),
  detail: anyDetail,
});

test("A4: whatever is written verifies, also after it was dumped and restored", { timeout: 120_000 }, async () => {
  const check = fc.asyncProperty(fc.array(anyEntry, { minLength: 1, maxLength: 8 }), async (entries) => {
    await it.base.db.inOrganization(it.one, async (tx) => {
      for (const entry of entries) await audit(tx, entry);
    });
  });
  await fc.assert(check, { numRuns: 60 });
  await it.seal();
  const before = await it.trail.verify(it.one);
  expect(before.fault).toBeUndefined();
  expect(before.entries).toBeGreaterThan(60);

  // A dump is COPY as text, a restore COPY back, into another database and by a session of other settings.
  const restored = await testDatabase();
  const from = new pg.Client({ connectionString: it.base.ownerUrl });
  const into = new pg.Client({
    connectionString: restored.ownerUrl,
    options: "-c TimeZone=Asia/Kathmandu -c DateStyle=German",
  });
  try {
    await Promise.all([from.connect(), into.connect()]);
    await into.query("DELETE FROM organizations");
    const columns = {
      organizations: "id, slug, name",
      security_audit_log: auditColumns,
      audit_checkpoints: checkpointColumns,
    };
    for (const [table, names] of Object.entries(columns)) {
      const dump = from.query(copy.to(`COPY (SELECT ${names} FROM ${table}) TO STDOUT`));
      await pipeline(dump, into.query(copy.from(`COPY ${table} (${names}) FROM STDIN`)));
    }
    const trail = await it.reopen({ database: restored });
    expect(await trail.verify(it.one)).toEqual(before);
  } finally {
    await Promise.all([from.end(), into.end()]);
    await restored.close();
  }
});
