import { randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freshFor, openFor } from "../../src/secrets/key-cache.ts";
import { loadKeyFile } from "../../src/secrets/key-file.ts";
import type { KeyService } from "../../src/secrets/key-service.ts";
import { createKeyring } from "../../src/secrets/keyring.ts";
import { createVault } from "../../src/secrets/vault.ts";
import { type TestDatabase, testDatabase } from "../support/database.ts";

let test: TestDatabase;
let ours: string;
let theirs: string;
const keys = [{ id: "one", key: randomBytes(32) }];
const place = { table: "realtime_monitoring", column: "sealed" };

beforeAll(async () => {
  test = await testDatabase();
  [ours, theirs] = test.organizations.map(({ id }) => id) as [string, string];
});
afterAll(() => test.close());

const open = (over: Partial<Parameters<typeof createVault>[0]> = {}) =>
  createVault({ db: test.db, service: createKeyring(keys), now: Date.now, ...over });
const inOurs: typeof test.db.inOrganization = (id, work) => test.db.inOrganization(id, work);
const dataKeys = (organizationId: string) =>
  test.asOwner<{ id: string; purpose: string; state: string; uses: string; kek_id: string; wrapped: Buffer }>(
    "SELECT * FROM data_keys WHERE organization_id = $1 AND purpose = 'seal' ORDER BY id",
    [organizationId],
  );

describe("C6 the vault", () => {
  it("opens what it sealed, also after a restart, and nowhere but at its row, column, table and organization", async () => {
    const [record] = await inOurs(ours, (tx) => open().seal(tx, place, [{ rowId: "r1", data: "secret" }]));
    const at = (organizationId: string, where: typeof place, rowId: string) =>
      inOurs(organizationId, (tx) => open().open(tx, where, [{ rowId, record: record as Buffer }]));
    expect((await at(ours, place, "r1"))[0]?.toString()).toBe("secret");
    await expect(at(ours, place, "r2")).rejects.toThrow(/does not open here/);
    await expect(at(ours, { ...place, column: "other" }, "r1")).rejects.toThrow(/does not open here/);
    await expect(at(ours, { ...place, table: "other" }, "r1")).rejects.toThrow(/does not open here/);
    await expect(at(theirs, place, "r1")).rejects.toThrow(/does not have/);
    // Not even when its key's row is moved along with it.
    await test.asOwner(
      "INSERT INTO data_keys (organization_id, id, purpose, state, kek_id, wrapped) SELECT $2, id, purpose, 'OLD', kek_id, wrapped FROM data_keys WHERE organization_id = $1 AND purpose = 'seal'",
      [ours, theirs],
    );
    await expect(at(theirs, place, "r1")).rejects.toMatchObject({ code: "UNAVAILABLE" });
    await test.asOwner("DELETE FROM data_keys WHERE organization_id = $1", [theirs]);
  });

  it("keeps no data key in clear, and makes one key when many seal for the first time at once", async () => {
    const sealed = await Promise.all(
      Array.from({ length: 6 }, () => inOurs(theirs, (tx) => open().seal(tx, place, [{ rowId: "r", data: "x" }]))),
    );
    const [key, ...others] = await dataKeys(theirs);
    expect(others).toEqual([]);
    expect(new Set(sealed.map(([record]) => record?.toString("hex", 1, 17)))).toEqual(
      new Set([key?.id.replaceAll("-", "")]),
    );
    expect(key?.wrapped.length).toBe(45 + 32);
  });

  it("C7 counts uses before they happen, in blocks, and exactly without a reservation", async () => {
    const before = Number((await dataKeys(ours))[0]?.uses);
    await inOurs(ours, (tx) => open().seal(tx, place, Array(7).fill({ rowId: "r", data: "x" })));
    expect(Number((await dataKeys(ours))[0]?.uses)).toBe(before + 7);
    const vault = open();
    for (let batch = 0; batch < 3; batch++) {
      await vault.reserve(ours, 30_000);
      await inOurs(ours, (tx) => vault.seal(tx, place, Array(30_000).fill({ rowId: "r", data: "x" })));
      expect(Number((await dataKeys(ours))[0]?.uses)).toBeGreaterThanOrEqual(before + 7 + (batch + 1) * 30_000);
    }
    expect(Number((await dataKeys(ours))[0]?.uses)).toBe(before + 7 + 2 * 65_536);
  });

  it("C7 replaces a key long before 2^32 uses, and opens records of both", async () => {
    const vault = open();
    const [old] = await inOurs(ours, (tx) => vault.seal(tx, place, [{ rowId: "r", data: "old" }]));
    await test.asOwner("UPDATE data_keys SET uses = 268435456 WHERE organization_id = $1", [ours]);
    const rotated: string[] = [];
    const next = open({ onRotated: async (_tx, id) => void rotated.push(id) });
    await next.reserve(ours, 1);
    const [fresh] = await inOurs(ours, (tx) => next.seal(tx, place, [{ rowId: "r", data: "new" }]));
    const [first, second] = await dataKeys(ours);
    expect([first?.state, second?.state]).toEqual(["OLD", "CURRENT"]);
    expect(rotated).toEqual([second?.id]);
    expect(fresh?.toString("hex", 1, 17)).toBe(second?.id.replaceAll("-", ""));
    const records = [old, fresh].map((record) => ({ rowId: "r", record: record as Buffer }));
    const opened = await inOurs(ours, (tx) => open().open(tx, place, records));
    expect(opened.map(String)).toEqual(["old", "new"]);
  });

  it("C7 waits, when a key is replaced, for whoever is sealing with it", async () => {
    const vault = open();
    let finish = (): void => {};
    let sealing = (): void => {};
    const started = new Promise<void>((resolve) => {
      sealing = resolve;
    });
    const held = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const order: string[] = [];
    const seal = inOurs(ours, async (tx) => {
      await vault.seal(tx, place, [{ rowId: "r", data: "x" }]);
      sealing();
      await held;
      order.push("sealed");
    });
    await started;
    const rotation = inOurs(ours, (tx) => vault.rotate(tx)).then(() => order.push("rotated"));
    for (;;) {
      const waiting = await test.asOwner("SELECT 1 FROM pg_locks WHERE NOT granted");
      if (waiting.length > 0) break;
    }
    finish();
    await Promise.all([seal, rotation]);
    expect(order).toEqual(["sealed", "rotated"]);
  });

  it("C8 gives equal values equal indexes within one organization and column only", async () => {
    const patient = { table: "realtime_monitoring", column: "patient_id" };
    const index = async (organizationId: string, where = patient, value = "p-1") =>
      (await inOurs(organizationId, (tx) => open().indexer(tx, where)))(value).toString("hex");
    const mine = await index(ours);
    expect(mine).toMatch(/^[0-9a-f]{16}$/);
    expect(await index(ours)).toBe(mine);
    const others = [
      await index(theirs),
      await index(ours, { ...patient, column: "x" }),
      await index(ours, patient, "p-2"),
    ];
    expect(new Set([mine, ...others]).size).toBe(4);
  });
});

describe("C10 while the key service is down", () => {
  it("known keys open for an hour, nothing is sealed, and afterwards everything works again", async () => {
    const ring = createKeyring(keys);
    let down = false;
    const refuse = () => Promise.reject(new Error("connect ECONNREFUSED"));
    const service: KeyService = {
      currentKeyId: ring.currentKeyId,
      wrap: (...given) => (down ? refuse() : ring.wrap(...given)),
      unwrap: (...given) => (down ? refuse() : ring.unwrap(...given)),
    };
    let clock = Date.now();
    const vault = open({ service, now: () => clock });
    const items = [{ rowId: "r", data: "x" }];
    const [record] = (await inOurs(ours, (tx) => vault.seal(tx, place, items))) as [Buffer];
    const read = () => inOurs(ours, (tx) => vault.open(tx, place, [{ rowId: "r", record }]));
    const write = () => inOurs(ours, (tx) => vault.seal(tx, place, items));
    down = true;
    clock += freshFor + 1;
    expect(String(await read())).toBe("x");
    await expect(write()).rejects.toMatchObject({ code: "UNAVAILABLE" });
    clock += openFor;
    await expect(read()).rejects.toMatchObject({ code: "UNAVAILABLE" });
    down = false;
    expect(String(await read())).toBe("x");
    expect(await write()).toHaveLength(1);
  });

  it("a key that is not in the ring is named", async () => {
    const stranger = open({ service: createKeyring([{ id: "two", key: randomBytes(32) }]) });
    const write = inOurs(ours, (tx) => stranger.seal(tx, place, [{ rowId: "r", data: "x" }]));
    await expect(write).rejects.toMatchObject({ code: "UNAVAILABLE", message: expect.stringContaining('"one"') });
  });
});

describe("the key file", () => {
  it("is made once, for its owner only, even when two processes start at the same moment", async () => {
    const directory = await mkdtemp(join(tmpdir(), "vigil-keys-"));
    const [first, second] = await Promise.all([loadKeyFile(directory), loadKeyFile(directory)]);
    expect(first).toEqual(second);
    expect(await loadKeyFile(directory)).toEqual(first);
    expect((await stat(join(directory, "encryption-keys"))).mode & 0o777).toBe(0o600);
    expect(await readFile(join(directory, "encryption-keys"), "utf8")).toMatch(/^local-[0-9a-f]{8}:\S{44}\n$/);
    await rm(directory, { recursive: true });
  });
});
