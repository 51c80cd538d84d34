import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type TestDatabase, testDatabase } from "../support/database.ts";
import { type Auditing, auditing } from "./auditing.ts";

let database: TestDatabase;
let it: Auditing;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.close());
beforeEach(async () => {
  it = await auditing(database);
  await it.append(12);
  await it.seal(); // a checkpoint at entry 12 …
  await it.append(18);
  await it.seal(); // … and at 30
  await it.append(5);
});
afterEach(() => it.close());

const where = "WHERE organization_id = $ORG AND seq =";

/** Computes the chain anew from entry `k` on, as an attacker who may write to the table would. */
const rebuildFrom = (k: number) => `
  DO $do$
  DECLARE
    row security_audit_log;
    previous bytea := (SELECT hash FROM security_audit_log ${where} ${k} - 1);
  BEGIN
    FOR row IN SELECT * FROM security_audit_log WHERE organization_id = $ORG AND seq >= ${k} ORDER BY seq LOOP
      UPDATE security_audit_log l SET previous_hash = previous,
        hash = audit_canonical(previous, l.seq, l.at, l.actor, l.action, l.entity_kind, l.entity_id, l.detail)
        WHERE organization_id = $ORG AND seq = row.seq RETURNING hash INTO previous;
    END LOOP;
  END $do$`;

test("A4: an untouched log verifies, with its checkpoints", async () => {
  expect(await it.trail.verify(it.one)).toMatchObject({
    entries: 35,
    checkpoints: 2,
    unknownCheckpoints: 0,
    head: { seq: 35 },
  });
  expect((await it.trail.verify(it.one)).fault).toBeUndefined();
  expect(await it.trail.verify(it.other)).toMatchObject({ entries: 0, checkpoints: 0 });
});

describe("A5: one byte changed in any column is found, and the entry named", () => {
  const flip = (column: string) =>
    `UPDATE security_audit_log SET ${column} = set_byte(${column}, 0, get_byte(${column}, 0) # 1)`;
  test.each([
    ["at", "UPDATE security_audit_log SET at = at + interval '1 microsecond'"],
    ["actor", "UPDATE security_audit_log SET actor = 'adb@example.org'"],
    ["action", "UPDATE security_audit_log SET action = 'TRIEE'"],
    ["entity_kind", "UPDATE security_audit_log SET entity_kind = 'Thinh'"],
    ["entity_id", "UPDATE security_audit_log SET entity_id = entity_id || '1'"],
    ["detail, a letter", `UPDATE security_audit_log SET detail = jsonb_set(detail, '{a}', '"u"')`],
    ["detail, a number's form", `UPDATE security_audit_log SET detail = jsonb_set(detail, '{ratio}', '1.250')`],
    ["previous_hash", flip("previous_hash")],
    ["hash", flip("hash")],
  ])("%s", async (_column, statement) => {
    await it.attack(`${statement} ${where} 20`);
    expect((await it.trail.verify(it.one)).fault).toMatchObject({ kind: "CHANGED", seq: 20 });
  });

  test("seq", async () => {
    await it.attack(`UPDATE security_audit_log SET seq = 2000 ${where} 20`);
    expect((await it.trail.verify(it.one)).fault).toMatchObject({ seq: 20 });
  });

  test("organization_id: the entry is missing where it was, and does not fit where it went", async () => {
    await it.attack(`UPDATE security_audit_log SET organization_id = '${it.other}' ${where} 20`);
    expect((await it.trail.verify(it.one)).fault).toMatchObject({ kind: "MISSING", seq: 20 });
    expect((await it.trail.verify(it.other)).fault).toMatchObject({ seq: 1 });
  });
});

test("A5: a removed entry is named", async () => {
  await it.attack(`DELETE FROM security_audit_log ${where} 20`);
  expect((await it.trail.verify(it.one)).fault).toMatchObject({ kind: "MISSING", seq: 20 });
});

test("A5: a removed first entry is named", async () => {
  await it.attack(`DELETE FROM security_audit_log ${where} 1`);
  expect((await it.trail.verify(it.one)).fault).toMatchObject({ kind: "MISSING", seq: 1 });
});

test("A5: a removed entry is found also where the others were numbered anew", async () => {
  await it.attack(
    `DELETE FROM security_audit_log ${where} 20`,
    "UPDATE security_audit_log SET seq = seq + 1000 WHERE organization_id = $ORG AND seq > 20",
    "UPDATE security_audit_log SET seq = seq - 1001 WHERE organization_id = $ORG AND seq > 1000",
  );
  expect((await it.trail.verify(it.one)).fault).toMatchObject({ seq: 20 });
});

test("A5: two swapped entries are found, and the first of them named", async () => {
  await it.attack(
    `UPDATE security_audit_log SET seq = 1000 ${where} 20`,
    `UPDATE security_audit_log SET seq = 20 ${where} 25`,
    `UPDATE security_audit_log SET seq = 25 ${where} 1000`,
  );
  expect((await it.trail.verify(it.one)).fault).toMatchObject({ kind: "REORDERED", seq: 20 });
});

test("A5: swapped contents are found, the chain's columns left in place", async () => {
  await it.attack(`UPDATE security_audit_log l SET entity_id = o.entity_id, detail = o.detail, at = o.at
    FROM security_audit_log o WHERE l.organization_id = $ORG AND o.organization_id = $ORG
      AND (l.seq, o.seq) IN ((20, 25), (25, 20))`);
  expect((await it.trail.verify(it.one)).fault).toMatchObject({ kind: "CHANGED", seq: 20 });
});

test("A5: an end cut off is caught by the checkpoint outside the database", async () => {
  await it.attack("DELETE FROM security_audit_log WHERE organization_id = $ORG AND seq > 27");
  expect((await it.trail.verify(it.one)).fault).toMatchObject({ kind: "CUT", seq: 28, upTo: 30 });
});

test("A5: a whole log removed is caught by the checkpoint outside the database", async () => {
  await it.attack("DELETE FROM security_audit_log WHERE organization_id = $ORG");
  expect((await it.trail.verify(it.one)).fault).toMatchObject({ kind: "CUT", seq: 1, upTo: 12 });
});

test("A5: a chain computed anew from entry k on is caught by the checkpoint outside the database", async () => {
  await it.attack(`UPDATE security_audit_log SET actor = 'eve' ${where} 13`, rebuildFrom(13));
  expect((await it.trail.verify(it.one)).fault).toMatchObject({ kind: "REBUILT", seq: 13, upTo: 30 });
  await it.attack(`UPDATE security_audit_log SET actor = 'eve' ${where} 4`, rebuildFrom(4));
  expect((await it.trail.verify(it.one)).fault).toMatchObject({ kind: "REBUILT", seq: 1, upTo: 12 });
});

test("A5: the database's own checkpoints cannot hide it: a rebuilt log with new ones has no key to sign them", async () => {
  await it.attack(
    `UPDATE security_audit_log SET actor = 'eve' ${where} 13`,
    rebuildFrom(13),
    `UPDATE audit_checkpoints c SET hash = (SELECT hash FROM security_audit_log l
       WHERE l.organization_id = c.organization_id AND l.seq = c.seq) WHERE organization_id = $ORG`,
  );
  expect((await it.trail.verify(it.one)).fault).toMatchObject({ kind: "ROLLED_BACK", seq: 13, upTo: 30 });
});

test("A6: an older dump restored is reported as a rollback, also once new entries were added to it", async () => {
  // The older state: everything as it was at entry 20, the database's own checkpoints included.
  await it.attack(
    "DELETE FROM security_audit_log WHERE organization_id = $ORG AND seq > 20",
    "DELETE FROM audit_checkpoints WHERE organization_id = $ORG AND seq > 20",
  );
  expect((await it.trail.verify(it.one)).fault).toMatchObject({ kind: "ROLLED_BACK", seq: 21, upTo: 30 });
  await it.append(40);
  expect((await it.trail.verify(it.one)).fault).toMatchObject({ kind: "ROLLED_BACK", seq: 13, upTo: 30 });
});

test("A6: what does not verify is not signed", async () => {
  await it.attack(`UPDATE security_audit_log SET actor = 'eve' ${where} 33`);
  expect(await it.trail.seal(it.one, { force: true })).toBeUndefined();
  await it.attack("DELETE FROM security_audit_log WHERE organization_id = $ORG AND seq > 20");
  expect(await it.trail.seal(it.one, { force: true })).toBeUndefined();
  await it.append(40);
  expect(await it.trail.seal(it.one, { force: true })).toBeUndefined();
  expect((await it.fileLines()).map(({ seq }) => seq)).toEqual([12, 30]);
});

test("a range is verified by itself: what is bad outside of it is not its matter", async () => {
  const rows = await it.base.asOwner<{ at: Date }>(
    "SELECT at FROM security_audit_log WHERE organization_id = $1 AND seq IN (15, 25) ORDER BY seq",
    [it.one],
  );
  const [from, to] = rows.map(({ at }) => at) as [Date, Date];
  await it.attack(`UPDATE security_audit_log SET actor = 'eve' ${where} 5`);
  const verdict = await it.trail.verify(it.one, { from, to: new Date(to.getTime() + 1) });
  expect(verdict.fault).toBeUndefined();
  expect(verdict.entries).toBeGreaterThan(9);
  expect((await it.trail.verify(it.one, { to })).fault).toMatchObject({ seq: 5 });
});

test("a range is whole also where a clock was set back within it, and so is its export", async () => {
  await it.attack(
    `UPDATE security_audit_log SET at = at + interval '20 minutes' WHERE organization_id = $ORG AND seq IN (31, 35)`,
    rebuildFrom(31),
  );
  const [row] = await it.base.asOwner<{ at: Date }>(
    "SELECT at FROM security_audit_log WHERE organization_id = $1 AND seq = 34",
    [it.one],
  );
  const between = new Date((row?.at.getTime() ?? 0) + 600_000);
  for (const [range, first, last] of [
    [{ from: between }, 31, 35],
    [{ to: between }, 1, 34],
  ] as const) {
    expect(await it.trail.verify(it.one, range)).toMatchObject({ entries: last - first + 1, head: { seq: last } });
    const numbers: number[] = [];
    for await (const line of it.trail.export(it.one, range)) {
      const { entry } = JSON.parse(line) as { entry?: [string, number] };
      if (entry) numbers.push(entry[1]);
    }
    expect(numbers).toEqual(Array.from({ length: last - first + 1 }, (_, n) => n + first));
  }
});
