import { spawnSync } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { readPublicKeys } from "../../src/audit/key.ts";
import { cleanUp } from "../../src/retention/clean-up.ts";
import { quiet, type TestDatabase, testDatabase } from "../support/database.ts";
import { type Auditing, auditing } from "./auditing.ts";

let database: TestDatabase;
let it: Auditing;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.close());
beforeEach(async () => {
  it = await auditing(database);
  await old(12);
  await it.seal(); // a checkpoint at entry 12 …
  await old(6);
  await it.append(12);
  await it.seal(); // … and at 30
  await it.append(5);
});
afterEach(() => it.close());

/** Entries of seven years ago, written past the server. */
const old = (count: number): Promise<void> =>
  it.attack(`DO $do$
    DECLARE
      previous bytea;
      next bigint;
      stamp timestamptz;
    BEGIN
      FOR n IN 1..${count} LOOP
        SELECT seq, hash INTO next, previous FROM security_audit_log WHERE organization_id = $ORG ORDER BY seq DESC LIMIT 1;
        next := coalesce(next, 0) + 1;
        stamp := now() - interval '7 years' + make_interval(secs => next);
        INSERT INTO security_audit_log (organization_id, seq, at, actor, action, entity_kind, entity_id, detail, previous_hash, hash)
          VALUES ($ORG, next, stamp, 'ada@example.org', 'TRIED', 'Thing', 'o', '{}', coalesce(previous, ''),
            audit_canonical(coalesce(previous, ''), next, stamp, 'ada@example.org', 'TRIED', 'Thing', 'o', '{}'));
      END LOOP;
    END $do$`);

const cutoff = async (): Promise<Date> =>
  (await it.base.db.query<{ at: Date }>(it.one, "SELECT retention_cutoff('AUDIT', now()) AS at")).rows[0]?.at as Date;
const cut = async (): Promise<number> => it.trail.cut(it.one, await cutoff(), "ada@example.org");
const seqs = async (): Promise<number[]> =>
  (
    await it.base.asOwner<{ seq: string }>(
      "SELECT seq FROM security_audit_log WHERE organization_id = $1 ORDER BY seq",
      [it.one],
    )
  ).map(({ seq }) => Number(seq));
const where = "WHERE organization_id = $ORG AND seq =";

test("what was kept long enough goes up to a signed checkpoint, the rest verifies, and the cut is audited", async () => {
  expect(await cut()).toBe(12);
  expect(await seqs()).toEqual(Array.from({ length: 24 }, (_, n) => n + 13));
  const verdict = await it.trail.verify(it.one);
  expect(verdict).toMatchObject({ entries: 24, checkpoints: 1, unknownCheckpoints: 0, cut: { seq: 12 } });
  expect(verdict.fault).toBeUndefined();
  const [entry] = await it.base.asOwner<object>(
    "SELECT actor, detail FROM security_audit_log WHERE organization_id = $1 AND action = 'AUDIT_CUT'",
    [it.one],
  );
  expect(entry).toMatchObject({ actor: "ada@example.org", detail: { entries: 12, upTo: 12, hash: verdict.cut?.hash } });
  expect(await cut()).toBe(0); // there is no other checkpoint among what is left of it
});

test("a log that is cut while it is verified is verified from there on", async () => {
  const { query } = database.db;
  let isCut = false;
  const meanwhile: typeof query = async (...given) => {
    if (!isCut && JSON.stringify(given).includes("WITH links")) {
      isCut = true;
      expect(await cut()).toBe(12);
    }
    return query(...given);
  };
  const trail = await it.reopen({ database: { ...database, db: { ...database.db, query: meanwhile } } });
  const verdict = await trail.verify(it.one);
  expect(verdict).toMatchObject({ entries: 24, cut: { seq: 12 } });
  expect(verdict.fault).toBeUndefined();
});

test("the log goes on after a cut: it is sealed, and cut again at the next checkpoint", async () => {
  await cut();
  await it.attack(
    "UPDATE security_audit_log SET at = at - interval '7 years' WHERE organization_id = $ORG AND seq > 18",
  );
  await it.attack(rebuildFrom(13));
  await it.attack("DELETE FROM audit_checkpoints WHERE organization_id = $ORG AND seq = 30");
  await rm(it.path);
  const anew = await it.reopen(); // the file was lost: the database's copy of the cut is signed too
  expect((await anew.verify(it.one)).fault).toBeUndefined();
  expect((await anew.seal(it.one, { force: true }))?.seq).toBe(36);
  expect(await anew.cut(it.one, await cutoff(), "vigil")).toBe(0); // the last entry stays
  await it.append(3);
  expect(await anew.cut(it.one, await cutoff(), "vigil")).toBe(24);
  expect(await seqs()).toEqual([37, 38, 39, 40]);
  expect((await anew.verify(it.one)).fault).toBeUndefined();
});

/** Computes the chain anew from entry `k` on, as an attacker who may write to the table would. */
const rebuildFrom = (k: number) => `DO $do$
  DECLARE
    row security_audit_log;
    previous bytea := (SELECT previous_hash FROM security_audit_log ${where} ${k});
  BEGIN
    FOR row IN SELECT * FROM security_audit_log WHERE organization_id = $ORG AND seq >= ${k} ORDER BY seq LOOP
      UPDATE security_audit_log l SET previous_hash = previous,
        hash = audit_canonical(previous, l.seq, l.at, l.actor, l.action, l.entity_kind, l.entity_id, l.detail)
        WHERE organization_id = $ORG AND seq = row.seq RETURNING hash INTO previous;
    END LOOP;
  END $do$`;

describe("A5: after a cut every attack is still named", () => {
  test.each<[string, string[], object]>([
    ["a changed byte", [`UPDATE security_audit_log SET actor = 'eve' ${where} 20`], { kind: "CHANGED", seq: 20 }],
    ["a removed entry", [`DELETE FROM security_audit_log ${where} 20`], { kind: "MISSING", seq: 20 }],
    [
      "a removed first entry, as if the cut had been there",
      [`DELETE FROM security_audit_log ${where} 13`],
      { kind: "MISSING", seq: 13 },
    ],
    [
      "everything removed up to the next checkpoint, as if the cut had been there",
      ["DELETE FROM security_audit_log WHERE organization_id = $ORG AND seq <= 30"],
      { kind: "MISSING", seq: 13 },
    ],
    [
      "a cut that nobody signed",
      [
        "DELETE FROM security_audit_log WHERE organization_id = $ORG AND seq <= 30",
        `UPDATE audit_checkpoints SET cut_at = at, cut_key_id = key_id, cut_signature = signature ${where} 30`,
      ],
      { kind: "MISSING", seq: 13 },
    ],
    [
      "two swapped entries",
      [
        `UPDATE security_audit_log SET seq = 1000 ${where} 20`,
        `UPDATE security_audit_log SET seq = 20 ${where} 25`,
        `UPDATE security_audit_log SET seq = 25 ${where} 1000`,
      ],
      { kind: "REORDERED", seq: 20 },
    ],
    [
      "an end cut off",
      ["DELETE FROM security_audit_log WHERE organization_id = $ORG AND seq > 27"],
      { kind: "CUT", seq: 28, upTo: 30 },
    ],
    [
      "a whole log removed",
      ["DELETE FROM security_audit_log WHERE organization_id = $ORG"],
      { kind: "CUT", seq: 13, upTo: 30 },
    ],
    [
      "a chain computed anew",
      [`UPDATE security_audit_log SET actor = 'eve' ${where} 13`, rebuildFrom(13)],
      { kind: "REBUILT", seq: 13, upTo: 30 },
    ],
    [
      "an older state restored",
      [
        "DELETE FROM security_audit_log WHERE organization_id = $ORG AND seq > 20",
        "DELETE FROM audit_checkpoints WHERE organization_id = $ORG AND seq > 20",
      ],
      { kind: "ROLLED_BACK", seq: 21, upTo: 30 },
    ],
  ])("%s", async (_what, statements, fault) => {
    await cut();
    await it.attack(...statements);
    expect((await it.trail.verify(it.one)).fault).toMatchObject(fault);
  });

  test("a state restored from before the cut is verified from its own beginning", async () => {
    const at = await cutoff();
    const { cut: signed } = await it.trail.verify(it.one);
    expect(signed).toBeUndefined();
    // The crash between the signed word and the removal leaves the same: entries that a cut says are gone.
    await it.attack("ALTER FUNCTION audit_append(text, text, text, text, jsonb) RENAME TO audit_append_away");
    await expect(it.trail.cut(it.one, at, "vigil")).rejects.toThrow("audit_append");
    expect(await it.fileLines()).toMatchObject([{ seq: 12 }, { seq: 30 }, { cut: { seq: 12 } }]);
    await it.attack("ALTER FUNCTION audit_append_away(text, text, text, text, jsonb) RENAME TO audit_append");
    expect(await it.trail.verify(it.one)).toMatchObject({ entries: 35, checkpoints: 2 });
    expect((await it.trail.verify(it.one)).fault).toBeUndefined();
    await it.attack(`DELETE FROM security_audit_log ${where} 1`);
    expect((await it.trail.verify(it.one)).fault).toMatchObject({ kind: "MISSING", seq: 1 });
  });
});

test("a cut of what was written since a restore holds, also by a clock that was set back", async () => {
  await it.attack(
    "DELETE FROM security_audit_log WHERE organization_id = $ORG AND seq > 11",
    "DELETE FROM audit_checkpoints WHERE organization_id = $ORG AND seq > 11",
  );
  it.clock.now -= 3_600_000;
  expect(await it.trail.noteRestore(it.one)).toMatchObject({ loss: { from: 12, upTo: 30 } });
  await old(4);
  await it.seal();
  await it.append(3);
  expect(await cut()).toBe(15);
  await it.attack(
    "UPDATE audit_checkpoints SET cut_at = NULL, cut_key_id = NULL, cut_signature = NULL WHERE organization_id = $ORG",
  );
  const verdict = await it.trail.verify(it.one);
  expect(verdict).toMatchObject({ cut: { seq: 15 }, losses: [{ from: 12, upTo: 30 }] });
  expect(verdict.fault).toBeUndefined();
});

describe("what must not be cut", () => {
  test("a log of which what would go does not verify, so that no evidence of an attack is lost", async () => {
    await it.attack(`UPDATE security_audit_log SET actor = 'eve' ${where} 5`);
    expect(await cut()).toBe(0);
    expect(await seqs()).toHaveLength(35);
  });

  test("a log whose checkpoint our key did not sign", async () => {
    await it.attack(
      `UPDATE audit_checkpoints SET signature = set_byte(signature, 0, get_byte(signature, 0) # 1) ${where} 12`,
    );
    expect(await cut()).toBe(0);
    expect(await seqs()).toHaveLength(35);
  });

  test("anything younger than six years, also where the caller says so; anything that is not a checkpoint; the last entry", async () => {
    expect(
      await it.trail.cut(it.one, new Date(Date.now() + 1000), "eve").catch(({ message }: Error) => message),
    ).toMatch(/audit_cut\(30\): its youngest entry is of .+ is kept/);
    expect(await it.fileLines()).toMatchObject([{ seq: 12 }, { seq: 30 }]); // nothing is signed then
    const call = (upto: number): Promise<unknown> =>
      it.base.db.query(it.one, "SELECT audit_cut($1, now(), 'k', '\\x00')", [upto]);
    await expect(call(18)).rejects.toThrow("there is no checkpoint of this entry");
    await expect(call(30)).rejects.toThrow("is kept");
    // A checkpoint that the server itself forged gains it nothing.
    await it.base.db.query(
      it.one,
      `INSERT INTO audit_checkpoints (organization_id, seq, hash, at, key_id, signature)
       SELECT organization_id, seq, hash, now(), 'k', '\\x00' FROM security_audit_log WHERE organization_id = $1 AND seq = 20`,
      [it.one],
    );
    await expect(call(20)).rejects.toThrow("is kept");
    await it.base.db.query(
      it.one,
      `INSERT INTO retention_policies (organization_id, class, days, updated_at, updated_by) VALUES ($1, 'AUDIT', 3650, now(), 'a')`,
      [it.one],
    );
    await expect(call(12)).rejects.toThrow("is kept"); // a longer policy holds too
    expect(await seqs()).toHaveLength(35);
  });

  test("another organization's log", async () => {
    await expect(it.base.db.query(it.other, "SELECT audit_cut(12, now(), 'k', '\\x00')")).rejects.toThrow(
      "there is no checkpoint of this entry",
    );
  });

  test("A2: and the server's role still removes and changes nothing by itself", async () => {
    for (const statement of [
      "DELETE FROM security_audit_log WHERE seq = 1",
      "UPDATE security_audit_log SET actor = 'eve' WHERE seq = 1",
      "TRUNCATE security_audit_log",
      "DELETE FROM audit_checkpoints WHERE seq = 12",
      "UPDATE audit_checkpoints SET cut_at = now() WHERE seq = 12",
    ]) {
      await expect(it.base.db.query(it.one, statement)).rejects.toThrow("permission denied");
    }
    await expect(
      it.base.db.query(
        it.one,
        `INSERT INTO audit_checkpoints (organization_id, seq, hash, at, key_id, signature, cut_at, cut_key_id, cut_signature)
         VALUES ($1, 19, '', now(), 'k', '', now(), 'k', '')`,
        [it.one],
      ),
    ).rejects.toThrow("permission denied");
  });
});

test("a clean-up counts what a cut would take, and takes it", async () => {
  const surroundings = { db: it.base.db, log: quiet, now: Date.now(), cutAudit: it.trail.cut };
  const counts = async (dryRun: boolean): Promise<number | undefined> =>
    (await cleanUp(surroundings, it.one, { actor: "ada@example.org", dryRun })).find(
      ({ class: name }) => name === "AUDIT",
    )?.rows;
  expect(await counts(true)).toBe(12);
  expect(await counts(false)).toBe(12);
  expect(await counts(true)).toBe(0);
  expect((await it.trail.verify(it.one)).fault).toBeUndefined();
});

describe("A8: the offline verifier", () => {
  const exported = async (): Promise<string> => {
    let text = "";
    for await (const line of it.trail.export(it.one)) text += line;
    return text;
  };
  async function verifier(text: string, ...words: string[]): Promise<string> {
    const [path, key] = [join(it.dataDir, "export.ndjson"), join(it.dataDir, "public.pem")];
    await writeFile(path, text);
    await writeFile(key, [it.trail.publicKey, ...it.trail.earlierKeys].join(""));
    const script = join(import.meta.dirname, "../../docs/verify-audit.mjs");
    const { stdout, stderr } = spawnSync(process.execPath, [script, path, "--key", key, ...words], {
      encoding: "utf8",
    });
    return stdout + stderr;
  }

  test("verifies what an earlier key signed, once it is told that key", async () => {
    await cut();
    const made = generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }).toString();
    const old = it.trail.publicKey;
    it.trail = await it.reopen({ auditSigningKey: made });
    expect(it.trail.earlierKeys).toEqual([old]); // it is in the data directory still
    expect(await it.trail.verify(it.one)).toMatchObject({ cut: { seq: 12 }, checkpoints: 1, unknownCheckpoints: 0 });
    expect((await it.trail.verify(it.one)).fault).toBeUndefined();
    await rm(join(it.dataDir, "audit-signing-key.pem"));
    it.trail = await it.reopen({ auditSigningKey: made });
    expect((await it.trail.verify(it.one)).fault).toMatchObject({ kind: "MISSING" });
    it.trail = await it.reopen({ auditSigningKey: made, auditEarlierKeys: readPublicKeys(old) });
    expect((await it.trail.verify(it.one)).fault).toBeUndefined();
    const text = await exported();
    expect(await verifier(text)).toMatch(/^VERIFIED: 24 entries, 13 to 36/);
    it.trail = await it.reopen({ auditSigningKey: made });
    expect(await verifier(text)).toMatch(/the cut at entry 12 is not signed by this key/);
  });

  test("verifies an export of a log that was cut, and says so", async () => {
    await cut();
    const said = await verifier(await exported(), "--checkpoints", it.path);
    expect(said).toMatch(/^VERIFIED: 24 entries, 13 to 36, and \d signed checkpoints; entries up to 12 were kept long/);
  });

  test.each<[string, (lines: string[]) => string[], string]>([
    ["a first entry removed", (lines) => lines.filter((_, n) => n !== 2), "entry 13 is missing"],
    ["the cut left out", (lines) => lines.filter((line) => !line.startsWith('{"cut"')), "entry 1 is missing"],
    [
      "a cut of another entry",
      (lines) => lines.flatMap((line, n) => (n === 2 ? [] : [line.replace(/("cut":.+"seq":)12/, "$113")])),
      "the cut at entry 13 is not signed by this key",
    ],
    [
      "a checkpoint passed off as a cut",
      (lines) => {
        const checkpoint = JSON.parse(lines.find((line) => line.includes('"seq":30')) ?? "").checkpoint;
        return [
          lines[0] as string,
          JSON.stringify({ cut: checkpoint }),
          ...lines.filter((line) => /^\{"entry":\["[0-9a-f]*",(3[1-6]),/.test(line.replace(", ", ","))),
        ];
      },
      "the cut at entry 30 is not signed by this key",
    ],
  ])("refuses %s", async (_what, change, message) => {
    await cut();
    const lines = (await exported()).trimEnd().split("\n");
    expect(await verifier(change(lines).join("\n"))).toContain(`NOT VERIFIED: ${message}`);
  });

  test("refuses an export of a whole log from which the first entries were removed", async () => {
    const lines = (await exported()).trimEnd().split("\n");
    expect(await verifier(lines.filter((_, n) => n === 0 || n > 3).join("\n"))).toContain("entry 1 is missing");
  });
});
