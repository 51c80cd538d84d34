/** A4 and A6 with PostgreSQL's own programs, where they are on the PATH and not older than the server. */
import { execFile, spawnSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type TestDatabase, testDatabase } from "../support/database.ts";
import { type Auditing, auditing } from "./auditing.ts";

const run = promisify(execFile);
const oldest = 18; // pg_dump refuses a server of a later version: the embedded one is 18
const found = Number(/(\d+)/.exec(spawnSync("pg_dump", ["--version"], { encoding: "utf8" }).stdout ?? "")?.[1] ?? 0);
const usable = found >= oldest;
const way = usable
  ? `pg_dump ${found}`
  : `skipped: pg_dump ${oldest} or later is not on the PATH; chain.test.ts has COPY`;

describe.skipIf(!usable)(`a dump of the whole database (${way})`, () => {
  let it: Auditing;
  let restored: TestDatabase;
  let directory: string;

  beforeAll(async () => {
    it = await auditing();
    directory = await mkdtemp(join(tmpdir(), "vigil-dump-"));
    restored = await testDatabase();
  });
  afterAll(async () => {
    await it.close();
    await restored.close();
    await rm(directory, { recursive: true, force: true });
  });

  test("A4, A6: verifies when it is restored, and is reported as a rollback when the log went on meanwhile", async () => {
    await it.append(12);
    await it.seal();
    const before = await it.trail.verify(it.one);
    const file = join(directory, "dump");
    await run("pg_dump", ["--format=custom", `--file=${file}`, it.base.ownerUrl]);

    await restored.asOwner("DROP SCHEMA event_partitions, public CASCADE"); // as empty as a new database
    await restored.asOwner("CREATE SCHEMA public");
    await run("pg_restore", ["--exit-on-error", `--dbname=${restored.ownerUrl}`, file]);
    const trail = await it.reopen({ database: restored });
    expect(before.fault).toBeUndefined();
    expect(await trail.verify(it.one)).toEqual(before);

    await it.append(5);
    await it.seal();
    expect((await trail.verify(it.one)).fault).toMatchObject({ kind: "ROLLED_BACK", seq: 13, upTo: 17 });
    expect((await it.trail.verify(it.one)).fault).toBeUndefined();
  }, 120_000);
});
