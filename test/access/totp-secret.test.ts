import { createCipheriv, hkdfSync, randomBytes } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTotpSecrets } from "../../src/access/totp-secret.ts";
import { ensureUser } from "../../src/access/users.ts";
import { listKeys, reencrypt, retireKey } from "../../src/secrets/rotation.ts";
import { type TestDatabase, testDatabase } from "../support/database.ts";
import { testVault } from "../support/vault.ts";

const serverSecret = "a secret of the server: 32 bytes or more";
let database: TestDatabase;
let ours: string;
beforeAll(async () => {
  database = await testDatabase();
  ours = database.organizations[0]?.id as string;
});
afterAll(() => database.close());

/** As secrets were sealed before the vault. */
function sealedOld(userId: string, secret: Buffer, by = serverSecret): Buffer {
  const key = Buffer.from(hkdfSync("sha256", by, "", "vigil second factors", 32));
  const nonce = randomBytes(12);
  const cipher = createCipheriv("aes-256-gcm", key, nonce);
  cipher.setAAD(Buffer.from(`second_factors/sealed_secret/${ours}/${userId}`));
  const sealed = Buffer.concat([cipher.update(secret), cipher.final()]);
  return Buffer.concat([Buffer.of(1), nonce, cipher.getAuthTag(), sealed]);
}

async function user(email: string, column: "sealed" | "sealed_secret", value: (userId: string) => Buffer) {
  const userId = await database.db.inOrganization(ours, (tx) =>
    ensureUser(tx, { email, name: "Ada", role: "VIEWER", now: Date.now() }),
  );
  await database.asOwner(
    `INSERT INTO second_factors (organization_id, user_id, ${column}, created_at) VALUES ($1, $2, $3, now())`,
    [ours, userId, value(userId)],
  );
  return userId;
}
const rowOf = async (userId: string) => {
  const [row] = await database.asOwner<{ sealed: Buffer | null; sealed_secret: Buffer | null }>(
    "SELECT sealed, sealed_secret FROM second_factors WHERE user_id = $1",
    [userId],
  );
  return row as { sealed: Buffer | null; sealed_secret: Buffer | null };
};

test("a second factor from before the vault goes on working, and is sealed in the vault by its next use", async () => {
  const secrets = createTotpSecrets(testVault(database.db), serverSecret);
  const secret = randomBytes(20);
  const userId = await user("old@example.org", "sealed_secret", (id) => sealedOld(id, secret));
  const before = await rowOf(userId);
  expect(await database.db.inOrganization(ours, (tx) => secrets.open(tx, userId, before))).toEqual(secret);
  const after = await rowOf(userId);
  expect(after.sealed_secret).toBeNull();
  expect(after.sealed?.includes(secret)).toBe(false);
  // The server's own secret is needed no longer.
  const others = createTotpSecrets(testVault(database.db), "another secret of 32 bytes or a few more");
  expect(await database.db.inOrganization(ours, (tx) => others.open(tx, userId, after))).toEqual(secret);
});

test("at the start all of them are sealed in the vault; one that does not open is told and left", async () => {
  const secrets = createTotpSecrets(testVault(database.db), serverSecret);
  const secret = randomBytes(20);
  const good = await user("good@example.org", "sealed_secret", (id) => sealedOld(id, secret));
  const lost = await user("lost@example.org", "sealed_secret", (id) => sealedOld(id, secret, "some other secret"));
  const moved = await user("moved@example.org", "sealed_secret", () => sealedOld(good, secret));
  const told: string[] = [];
  expect(await secrets.resealAll(database.db, ours, (userId) => told.push(userId))).toBe(1);
  expect(told.sort()).toEqual([lost, moved].sort());
  expect((await rowOf(good)).sealed_secret).toBeNull();
  expect((await rowOf(lost)).sealed_secret).not.toBeNull();
  expect(await secrets.resealAll(database.db, ours, () => undefined)).toBe(0);
});

test("C6 C7 a second factor opens for its own user only, and keys are replaced under it", async () => {
  const vault = testVault(database.db);
  const secrets = createTotpSecrets(vault, serverSecret);
  const secret = randomBytes(20);
  const userId = await user("rotating@example.org", "sealed", () => Buffer.alloc(1));
  await database.db.inOrganization(ours, async (tx) => {
    const sealed = await secrets.seal(tx, userId, secret);
    await tx.query("UPDATE second_factors SET sealed = $2 WHERE organization_id = $3 AND user_id = $1", [
      userId,
      sealed,
      ours,
    ]);
  });
  const row = await rowOf(userId);
  const stranger = await database.db.inOrganization(ours, (tx) =>
    ensureUser(tx, { email: "stranger@example.org", name: "Eve", role: "VIEWER", now: Date.now() }),
  );
  await expect(database.db.inOrganization(ours, (tx) => secrets.open(tx, stranger, row))).rejects.toThrow(
    "does not open here",
  );
  const old = (await database.db.inOrganization(ours, listKeys)).find(
    ({ state, purpose }) => state === "CURRENT" && purpose === "seal",
  );
  await database.db.inOrganization(ours, (tx) => vault.rotate(tx));
  const retire = () => database.db.inOrganization(ours, (tx) => retireKey(tx, old?.id as string));
  await expect(retire()).rejects.toMatchObject({ code: "CONFLICT" });
  expect(await reencrypt(database.db, vault, ours)).toBeGreaterThanOrEqual(1);
  await retire();
  const rotated = await rowOf(userId);
  expect(rotated.sealed).not.toEqual(row.sealed);
  expect(await database.db.inOrganization(ours, (tx) => secrets.open(tx, userId, rotated))).toEqual(secret);
});
