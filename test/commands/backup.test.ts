import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type App, openApp } from "../../src/app.ts";
import { verifyAudits } from "../../src/commands/audit.ts";
import { backUp, restore } from "../../src/commands/backup.ts";
import { type Config, parseConfig } from "../../src/config.ts";
import { openEmbeddedPostgres } from "../../src/embedded/postgres.ts";
import { loadSecrets } from "../../src/embedded/secrets.ts";
import { quiet } from "../support/database.ts";

let directory: string;
let config: Config;
let app: App;
let organization: string;
const at = (name: string): string => join(directory, name);

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "vigil-backup-"));
  config = parseConfig({ VIGIL_DATA_DIR: at("ours") });
  app = await openApp(config, { log: quiet });
  organization = await app.organizationBySlug("demo");
}, 120_000);
afterAll(async () => {
  await app?.close();
  await rm(directory, { recursive: true, force: true });
});

const read = (n: number) => ({
  id: `read-${n}`,
  action: "record.read",
  category: "data",
  actor: { name: `nurse-${n % 3}` },
  target: { type: "patient", patientId: `patient-${n}` },
});
/** Client ids of what is stored, and how many of these events have their patient open. */
async function stored(of: App): Promise<{ ids: string[]; opened: (string | undefined)[] }> {
  const { rows } = await of.db.query<{ id: string; client_id: string; sealed: Uint8Array }>(
    organization,
    "SELECT id, client_id, sealed FROM realtime_monitoring WHERE organization_id = $1 ORDER BY client_id",
    [organization],
  );
  const opened = await of.openSealed(organization, "event", rows);
  return {
    ids: rows.map((row) => row.client_id),
    opened: [...opened.values()].map((json) => /patient-\d+/.exec(json)?.[0]),
  };
}

describe("the embedded PostgreSQL", () => {
  const asOwner = async (statement: string): Promise<pg.QueryResult> => {
    const client = new pg.Client({ connectionString: app.embedded?.ownerUrl });
    await client.connect();
    return client.query(statement).finally(() => client.end());
  };
  /** How many processes use it, by the locks that they hold. */
  const users = async () =>
    (await asOwner("SELECT FROM pg_locks WHERE locktype = 'advisory' AND mode = 'ShareLock'")).rowCount;

  it("is not stopped under a server that it threw out meanwhile, when a command ends", async () => {
    // As it does by itself where one of its processes is killed.
    await asOwner("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()");
    await expect.poll(users, { timeout: 20_000 }).toBe(1);
    const command = await openEmbeddedPostgres(at("ours"), await loadSecrets(at("ours")));
    expect(await users()).toBe(2);
    await command.close();
    expect(await users()).toBe(1);
    expect(await app.db.organizationIds()).toEqual([organization]);
  });

  it("is started again by the server that it was killed under", async () => {
    expect(await app.embedded?.claimServing()).toBe(true);
    const [pid] = (await readFile(at("ours/postgres/postmaster.pid"), "utf8")).split("\n");
    process.kill(Number(pid), "SIGQUIT");
    const ids = () => app.db.organizationIds().catch((error: Error) => error.message);
    await expect.poll(ids, { timeout: 60_000, interval: 500 }).toEqual([organization]);
    await expect.poll(users, { timeout: 20_000 }).toBe(1);
    const other = await openEmbeddedPostgres(at("ours"), await loadSecrets(at("ours")));
    expect(await other.claimServing()).toBe(false);
    await other.close();
  }, 120_000);
});

describe("vigil backup", () => {
  it("F30: of a server at work is whole up to its beginning when it is restored, keys and audit log included", async () => {
    const accept = (n: number) => app.ingest(organization, [read(n)]);
    for (let n = 0; n < 20; n++) await accept(n);
    const before = await stored(app);
    let isOver = false;
    const work = (async () => {
      for (let n = 20; !isOver; n++) await accept(n);
    })();
    const { files } = await backUp(config, at("backup"), Date.now()).finally(() => {
      isOver = true;
    });
    await work;
    expect(files).toBeGreaterThan(100);
    expect(await readdir(at("backup"))).toEqual(expect.arrayContaining(["backup.json", "encryption-keys", "postgres"]));

    const theirs = parseConfig({ VIGIL_DATA_DIR: at("theirs") });
    await restore(theirs, at("backup"));
    const again = await openApp(theirs, { log: quiet });
    try {
      const after = await stored(again);
      expect(after.ids).toEqual(expect.arrayContaining(before.ids));
      expect(after.opened).toHaveLength(after.ids.length);
      expect(after.opened).toEqual(expect.arrayContaining(["patient-0", "patient-19"]));
      const lines: string[] = [];
      expect(await verifyAudits(again, undefined, (line) => lines.push(line))).toBe(true);
      await again.ingest(organization, [read(9_999)]);
    } finally {
      await again.close();
    }
  }, 120_000);

  it("says what is not in it since the environment holds it, and is not restored without", async () => {
    const elsewhere = {
      VIGIL_ENCRYPTION_KEYS: `k1:${Buffer.alloc(32, 1).toString("base64")}`,
      VIGIL_AUDIT_CHECKPOINTS: at("checkpoints"),
    };
    const { without } = await backUp(parseConfig({ VIGIL_DATA_DIR: at("ours"), ...elsewhere }), at("partial"), 0);
    expect(without).toEqual(Object.keys(elsewhere));
    const { VIGIL_ENCRYPTION_KEYS } = elsewhere;
    const half = parseConfig({ VIGIL_DATA_DIR: at("half"), VIGIL_ENCRYPTION_KEYS });
    await expect(restore(half, at("partial"))).rejects.toThrow(/VIGIL_AUDIT_CHECKPOINTS, which it does not hold/);
    await restore(parseConfig({ VIGIL_DATA_DIR: at("whole"), ...elsewhere }), at("partial"));
  }, 120_000);

  it("is refused where it would overwrite, where there is nothing, and where PostgreSQL is another's", async () => {
    await expect(backUp(config, at("ours"), 0)).rejects.toThrow(/not empty/);
    await expect(backUp(parseConfig({ VIGIL_DATA_DIR: at("none") }), at("new"), 0)).rejects.toThrow(
      /nothing to back up/,
    );
    const foreign = parseConfig({ VIGIL_DATA_DIR: at("ours"), DATABASE_URL: "postgres://a@db.example/vigil" });
    await expect(backUp(foreign, at("new"), 0)).rejects.toThrow(/use pg_dump/);
    await expect(restore(foreign, at("backup"))).rejects.toThrow(/use pg_restore/);
    const empty = parseConfig({ VIGIL_DATA_DIR: at("empty") });
    await expect(restore(empty, at("ours"))).rejects.toThrow(/no backup.json/);
    await expect(restore(config, at("backup"))).rejects.toThrow(/not empty/);
    await writeFile(at("backup/backup.json"), JSON.stringify({ format: 1, madeAt: "", postgres: "9" }));
    await expect(restore(empty, at("backup"))).rejects.toThrow(/of PostgreSQL 9/);
  });
});
