import { spawnSync } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { appendFile, copyFile, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { signRestored } from "../../src/audit/checkpoint.ts";
import { readAuditKey } from "../../src/audit/key.ts";
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
});
afterEach(() => it.close());

const where = "WHERE organization_id = $ORG AND seq";
/** As the database was at the entry, its own checkpoints included. */
const restoreTo = (seq: number): Promise<void> =>
  it.attack(`DELETE FROM security_audit_log ${where} > ${seq}`, `DELETE FROM audit_checkpoints ${where} > ${seq}`);
const fault = async () => (await it.trail.verify(it.one)).fault;
const sealed = async () => (await it.trail.seal(it.one, { force: true }))?.seq;

/** Computes the chain anew from entry `k` on, as an attacker who may write to the table would. */
const rebuildFrom = (k: number): Promise<void> =>
  it.attack(
    `UPDATE security_audit_log SET actor = 'eve' ${where} = ${k}`,
    `DO $do$
    DECLARE
      row security_audit_log;
      previous bytea := (SELECT previous_hash FROM security_audit_log ${where} = ${k});
    BEGIN
      FOR row IN SELECT * FROM security_audit_log ${where} >= ${k} ORDER BY seq LOOP
        UPDATE security_audit_log l SET previous_hash = previous,
          hash = audit_canonical(previous, l.seq, l.at, l.actor, l.action, l.entity_kind, l.entity_id, l.detail)
          ${where} = row.seq RETURNING hash INTO previous;
      END LOOP;
    END $do$`,
  );

test("A6: a restore that is noted is no fault, is still told, and the log is signed again at once", async () => {
  await restoreTo(20);
  expect(await sealed()).toBeUndefined();
  const noted = await it.trail.noteRestore(it.one);
  expect(noted).toMatchObject({ loss: { from: 21, upTo: 30 } });
  expect(await it.trail.noteRestore(it.one)).toEqual({}); // once is enough
  expect((await it.fileLines()).at(-1)).toMatchObject({ restored: { seq: 20, organization: it.one } });
  await it.append(5);
  await it.trail.sealAll();
  await it.append(15);
  expect(await sealed()).toBe(40);
  expect((await it.fileLines()).slice(3)).toMatchObject([{ seq: 25 }, { seq: 40 }]);
  expect(await it.trail.verify(it.one)).toMatchObject({ entries: 40, unknownCheckpoints: 0, losses: [noted.loss] });
  expect(await fault()).toBeUndefined();
});

describe("A5, A6: what is done to a log after a restore was noted is found as before", () => {
  beforeEach(async () => {
    await restoreTo(20);
    await it.trail.noteRestore(it.one);
  });

  test("before the log is signed again: what was restored is what was noted", async () => {
    await rebuildFrom(15);
    expect(await fault()).toMatchObject({ seq: 13, upTo: 20 });
    await it.append(20);
    expect(await sealed()).toBeUndefined();
  });

  test.each<[string, () => Promise<void>, object]>([
    ["a chain computed anew", () => rebuildFrom(27), { kind: "REBUILT", seq: 26, upTo: 35 }],
    [
      "an end cut off",
      () => it.attack(`DELETE FROM security_audit_log ${where} > 28`),
      { kind: "CUT", seq: 29, upTo: 35 },
    ],
    [
      "a changed byte",
      () => it.attack(`UPDATE security_audit_log SET actor = 'eve' ${where} = 33`),
      { kind: "CHANGED" },
    ],
    ["another restore", () => restoreTo(28), { kind: "ROLLED_BACK", seq: 29, upTo: 35 }],
  ])("%s", async (_what, attack, expected) => {
    await it.append(5);
    await it.seal();
    await it.append(10);
    await it.seal();
    await attack();
    expect(await fault()).toMatchObject(expected);
  });

  test("another restore is noted for itself, and nothing older than what it goes on from is lost", async () => {
    await it.append(5);
    await it.seal(); // at 25
    await restoreTo(12);
    expect(await it.trail.noteRestore(it.one)).toMatchObject({ loss: { from: 13, upTo: 25 } }); // that up to 30 was lost is known
    await it.append(30);
    expect(await sealed()).toBe(42);
    expect(await fault()).toBeUndefined();
    expect((await it.trail.verify(it.one)).losses).toMatchObject([{ from: 13, upTo: 30 }]);
    await rebuildFrom(5);
    expect(await fault()).toMatchObject({ kind: "REBUILT", seq: 1, upTo: 12 });
  });

  test("the line that notes it, written once more, hides nothing of what was signed since", async () => {
    await it.append(20);
    await it.seal();
    const note = (await readFile(it.path, "utf8")).split("\n")[2];
    await restoreTo(28);
    await appendFile(it.path, `${note}\n`);
    expect(await fault()).toMatchObject({ kind: "ROLLED_BACK", seq: 29, upTo: 40 });
    expect(await sealed()).toBeUndefined();
  });
});

test("A6: a restore that our key did not sign counts for nothing", async () => {
  await restoreTo(20);
  const [, last] = await it.fileLines();
  const head = { seq: 20, hash: (await it.trail.verify(it.one)).head.hash };
  const stranger = readAuditKey(
    generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
  );
  const theirs = signRestored(stranger, it.one, head, it.clock.now + 60_000);
  const unsigned = { ...last, ...head, at: theirs.at };
  const ours = { ...theirs, key: last?.key };
  for (const restored of [theirs, ours, unsigned, { ...unsigned, signature: undefined }])
    await appendFile(it.path, `${JSON.stringify({ restored })}\n`);
  expect(await it.trail.verify(it.one)).toMatchObject({ unknownCheckpoints: 4, losses: [] });
  expect(await fault()).toMatchObject({ kind: "ROLLED_BACK", seq: 21, upTo: 30 });
  await it.append(20);
  expect(await sealed()).toBeUndefined();
});

test("nothing is noted where the file knows no more than the log, or where no restore explains what is missing", async () => {
  expect(await it.trail.noteRestore(it.one)).toEqual({});
  await it.append(5);
  expect(await it.trail.noteRestore(it.one)).toEqual({});
  await it.attack(`DELETE FROM security_audit_log ${where} > 20`); // the database's own checkpoint knows better
  expect(await it.trail.noteRestore(it.one)).toMatchObject({ fault: { kind: "CUT", seq: 21 } });
  await it.attack(`UPDATE security_audit_log SET actor = 'eve' ${where} = 7`);
  expect(await it.trail.noteRestore(it.one)).toMatchObject({ fault: { kind: "CHANGED", seq: 7 } });
  expect(await it.fileLines()).toHaveLength(2);
});

test("a restore that is noted late, when servers have written on, goes on from the last entry that both know", async () => {
  await restoreTo(20);
  await it.append(20);
  expect(await sealed()).toBeUndefined();
  expect(await it.trail.noteRestore(it.one)).toMatchObject({ loss: { from: 13, upTo: 30 } });
  expect(await sealed()).toBe(40);
  expect(await fault()).toBeUndefined();
});

test("a restore to before the first entry is noted, too, also by a clock that was set back", async () => {
  await restoreTo(0);
  it.clock.now -= 3_600_000;
  expect(await it.trail.noteRestore(it.one)).toMatchObject({ loss: { from: 1, upTo: 30 } });
  await it.append(3);
  expect(await sealed()).toBe(3);
  await it.append(30);
  expect(await sealed()).toBe(33);
  expect(await fault()).toBeUndefined();
  await rebuildFrom(33);
  expect(await fault()).toMatchObject({ kind: "REBUILT", seq: 4, upTo: 33 });
});

describe("A8: the offline verifier", () => {
  async function verifier(text: string, ...words: string[]): Promise<string> {
    const [path, key] = [join(it.dataDir, "export.ndjson"), join(it.dataDir, "public.pem")];
    await writeFile(path, text);
    await writeFile(key, it.trail.publicKey);
    const script = join(import.meta.dirname, "../../docs/verify-audit.mjs");
    const { stdout, stderr } = spawnSync(process.execPath, [script, path, "--key", key, ...words], {
      encoding: "utf8",
    });
    return stdout + stderr;
  }
  const exported = async (): Promise<string> => {
    let text = "";
    for await (const line of it.trail.export(it.one)) text += line;
    return text;
  };
  let kept: string;
  beforeEach(async () => {
    kept = join(it.dataDir, "kept.ndjson"); // a copy from before the restore
    await copyFile(it.path, kept);
    await restoreTo(20);
    it.clock.now -= 3_600_000; // on a machine whose clock is behind
    await it.trail.noteRestore(it.one);
    await it.append(15);
    await it.seal();
  });

  test("verifies what was signed since a restore, and says that there was one", async () => {
    const text = await exported();
    const said =
      /^VERIFIED: 35 entries, 1 to 35, and \d signed checkpoints; an older state was restored on 2026-.*: what came after entry 20 was lost\.\n$/;
    for (const words of [[], ["--checkpoints", it.path], ["--checkpoints", kept]])
      expect(await verifier(text, ...words)).toMatch(said);
  });

  test("refuses a log that is not what was restored, or whose restore nobody signed", async () => {
    const text = await exported();
    expect(await verifier(text.replace(/("restored":.+"seq":)20/, "$121"))).toContain(
      "NOT VERIFIED: the restore to entry 21 is not signed by this key",
    );
    const silent = text.replace(/^\{"restored".*\n/m, "");
    expect(await verifier(silent, "--checkpoints", kept)).toContain(
      "NOT VERIFIED: entry 30 is not what the checkpoint",
    );
    await it.attack("DELETE FROM audit_checkpoints WHERE organization_id = $ORG");
    await rebuildFrom(15);
    const lines = (await exported()).split("\n").filter((line) => !/^\{"checkpoint"/.test(line));
    const header = JSON.stringify({ ...JSON.parse(lines[0] as string), fault: undefined });
    expect(await verifier([header, ...lines.slice(1)].join("\n"))).toContain(
      "NOT VERIFIED: entry 20 is not what the restore of",
    );
  });
});
