import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Database } from "../../src/db.ts";
import { readEventsSince } from "../../src/ingest/read.ts";
import { createPipeline } from "../../src/pipeline.ts";
import { openBells } from "../../src/publish/bells.ts";
import type { KeyService } from "../../src/secrets/key-service.ts";
import { createKeyring } from "../../src/secrets/keyring.ts";
import { listKeys, reencrypt, rewrap } from "../../src/secrets/rotation.ts";
import { createVault, type Vault } from "../../src/secrets/vault.ts";
import { quiet, type TestDatabase, testDatabase } from "../support/database.ts";

const events = 2_600; // six batches of rotation
const [first, second] = [
  { id: "first", key: randomBytes(32) },
  { id: "second", key: randomBytes(32) },
];
let test: TestDatabase;
let ours: string;
let dataDir: string;
const start = Date.now();
const vaultOf = (keys: { id: string; key: Buffer }[]): Vault =>
  createVault({ db: test.db, service: createKeyring(keys), now: Date.now });

async function fill(vault: Vault, organizationId: string, count: number): Promise<void> {
  const bells = openBells(undefined, quiet);
  const pipeline = createPipeline({ db: test.db, bells, vault, log: quiet, now: Date.now });
  const drafts = Array.from({ length: count }, (_, n) => ({
    logsource: {},
    action: "record.read",
    category: "ACCESS" as const,
    outcome: "SUCCESS" as const,
    target: { patientId: `p-${n}` },
    message: `read p-${n}`,
    attributes: {},
  }));
  await pipeline.accept(organizationId, drafts);
  await pipeline.drain();
  await bells.close();
}

async function patients(keys: { id: string; key: Buffer }[]): Promise<string[]> {
  const found: string[] = [];
  for await (const page of readEventsSince(test.db, vaultOf(keys), ours, start, (id) =>
    expect.fail(`${id} does not open`),
  )) {
    for (const event of page) {
      expect(event.message).toBe(`read ${event.target?.patientId}`);
      found.push(event.target?.patientId ?? "");
    }
  }
  return found.sort();
}

beforeAll(async () => {
  test = await testDatabase();
  ours = test.organizations[0]?.id as string;
  dataDir = await mkdtemp(join(tmpdir(), "vigil-rotation-"));
});
afterAll(async () => {
  await rm(dataDir, { recursive: true, force: true });
  await test.close();
});

/** Runs the command; `started` gets a way to kill it. */
function vigil(args: string[], keys: string, started: (kill: () => void) => void = () => undefined) {
  const { REDIS_URL: _redis, ...rest } = process.env;
  const env = {
    ...rest,
    DATABASE_URL: test.serverUrl,
    VIGIL_OWNER_DATABASE_URL: test.ownerUrl,
    VIGIL_DATA_DIR: dataDir,
    VIGIL_ENCRYPTION_KEYS: keys,
  };
  const child = spawn(process.execPath, [join(import.meta.dirname, "../../src/vigil.js"), ...args], { env });
  let text = "";
  const take = (chunk: Buffer): void => {
    text += chunk;
  };
  child.stdout.on("data", take);
  child.stderr.on("data", take);
  started(() => child.kill("SIGKILL"));
  return new Promise<{ code: number | null; text: string }>((resolve) =>
    child.on("close", (code) => resolve({ code, text })),
  );
}

/** Runs the command and kills it in the middle of a batch: while it waits for the event of this place, which is locked. */
async function vigilKilledAt(place: number, args: string[], keys: string) {
  const locker = new pg.Client({ connectionString: test.ownerUrl });
  await locker.connect();
  try {
    await locker.query("BEGIN");
    const locked = `SELECT FROM realtime_monitoring WHERE organization_id = $1 AND id =
      (SELECT id FROM realtime_monitoring WHERE organization_id = $1 ORDER BY id OFFSET $2 LIMIT 1) FOR UPDATE`;
    await locker.query(locked, [ours, place]);
    let kill = (): void => undefined;
    const run = vigil(args, keys, (given) => {
      kill = given;
    });
    const waiting = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
      AND query LIKE '%realtime_monitoring%'`;
    await expect.poll(async () => (await test.asOwner(waiting)).length, { timeout: 120_000 }).toBeGreaterThan(0);
    kill();
    expect((await run).code).toBeNull();
  } finally {
    await locker.end();
  }
}
const encoded = (keys: { id: string; key: Buffer }[]): string =>
  keys.map(({ id, key }) => `${id}:${key.toString("base64")}`).join(",");

describe("C7 rotation by the command line", () => {
  it("survives being killed again and again, loses nothing, and retires a key only at 0 references", async () => {
    await fill(vaultOf([first]), ours, events);
    const all = await patients([first]);
    expect(all).toHaveLength(events);
    const both = encoded([second, first]);
    await vigilKilledAt(700, ["keys", "rotate", "--data-keys", "--org", "demo"], both);
    const listing = await test.db.inOrganization(ours, listKeys);
    const old = listing.find(({ state }) => state === "OLD");
    expect(old?.references).toBe(events - 500);
    expect(await patients([second, first])).toEqual(all); // also in the middle of it
    const retiring = vigil(["keys", "retire", old?.id as string], both);
    await vigilKilledAt(1_700, ["keys", "reencrypt", "--org", "demo"], both);
    expect(await retiring).toMatchObject({ code: 1, text: expect.stringMatching(/\d+ records/) });
    expect(await patients([second, first])).toEqual(all);
    expect(await vigil(["keys", "reencrypt", "--org", "demo"], both)).toMatchObject({ code: 0 });
    // The first key of the installation is needed no more, nor is the old data key.
    expect(await patients([second])).toEqual(all);
    const listed = await vigil(["keys", "list", "--org", "demo"], both);
    expect(listed.text).toContain(`${old?.id} seal OLD`);
    expect(listed.text).toMatch(/seal OLD since \S+, \d+ uses, 0 references/);
    expect(listed.text).toMatch(new RegExp(`seal CURRENT since \\S+, \\d+ uses, ${events} references`));
    expect(listed.text).not.toContain("encryption key first");
    expect(await vigil(["keys", "retire", old?.id as string], both)).toMatchObject({ code: 0 });
    expect(await patients([second])).toEqual(all);
    const [retired] = await test.asOwner("SELECT state, wrapped FROM data_keys WHERE id = $1", [old?.id]);
    expect(retired).toEqual({ state: "RETIRED", wrapped: Buffer.alloc(0) });
    const audited = await test.asOwner<{ action: string }>("SELECT action FROM security_audit_log ORDER BY seq");
    expect(new Set(audited.map(({ action }) => action))).toEqual(
      new Set(["DATA_KEYS_REWRAPPED", "DATA_KEY_ROTATED", "DATA_KEY_RETIRED"]),
    );
  }, 300_000);
});

describe("C7 wrapping anew", () => {
  it("goes on where the key service failed", async () => {
    const theirs = test.organizations[1]?.id as string;
    const vault = vaultOf([first]);
    await fill(vault, theirs, 1);
    for (let n = 0; n < 5; n++) await test.db.inOrganization(theirs, (tx) => vault.rotate(tx));
    const ring = createKeyring([second, first]);
    let calls = 0;
    const failing: KeyService = {
      ...ring,
      wrap: (...given) => (++calls % 3 === 0 ? Promise.reject(new Error("gone")) : ring.wrap(...given)),
    };
    const wrappedBy = async () =>
      (await test.db.inOrganization(theirs, listKeys)).map(({ kekId }) => kekId).filter((id) => id === "first").length;
    const left = [await wrappedBy()];
    for (let tries = 0; tries < 10 && (left.at(-1) as number) > 0; tries++) {
      await rewrap(test.db, failing, theirs).catch((error: Error) => expect(error.message).toBe("gone"));
      left.push(await wrappedBy());
    }
    expect(left).toEqual([8, 6, 4, 2, 0]);
  });
});

describe("C7 sealing anew", () => {
  it("looks for what is left in whole tables, for which it has longer than other statements", async () => {
    const allowed = new Set<string>();
    const inOrganization: Database["inOrganization"] = (id, work) =>
      test.db.inOrganization(id, async (tx) => {
        const done = await work(tx);
        const { rows } = await tx.query<{ statement_timeout: string }>("SHOW statement_timeout");
        allowed.add(rows[0]?.statement_timeout as string);
        return done;
      });
    await reencrypt({ ...test.db, inOrganization }, vaultOf([second]), test.organizations[1]?.id as string);
    expect([...allowed]).toEqual(["10min"]);
  });

  it("goes past a record that does not open, names it, and ends with 1", async () => {
    const theirs = test.organizations[1] as { id: string; slug: string };
    await fill(vaultOf([second]), theirs.id, 3);
    const [, broken] = await test.asOwner<{ id: string }>(
      "SELECT id FROM realtime_monitoring WHERE organization_id = $1 ORDER BY id",
      [theirs.id],
    );
    await test.asOwner(
      "UPDATE realtime_monitoring SET sealed = set_byte(sealed, 50, 255 - get_byte(sealed, 50)) WHERE id = $1",
      [broken?.id],
    );
    const ring = encoded([second]);
    const { code, text } = await vigil(["keys", "rotate", "--data-keys", "--org", theirs.slug], ring);
    expect(text).toContain(`realtime_monitoring.sealed where id is ${broken?.id} stays as it is`);
    expect(text).toContain("others are sealed anew");
    expect(code).toBe(1);
    const keys = await test.db.inOrganization(theirs.id, listKeys);
    const needed = keys.filter(({ state, references }) => state === "OLD" && references > 0);
    expect(needed.map(({ references }) => references)).toEqual([1]);
  }, 120_000);
});
