import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { parseConfig } from "../../src/config.ts";
import { checkClock } from "../../src/doctor/database.ts";
import { examine } from "../../src/doctor/doctor.ts";
import { type Finding, findingLines } from "../../src/doctor/finding.ts";
import { checkNode } from "../../src/doctor/machine.ts";
import { type TestDatabase, testDatabase } from "../support/database.ts";
import { givenRedis, ofEach } from "../support/given-redis.ts";
import { smtpSink } from "../support/smtp-sink.ts";

let base: TestDatabase;
let dataDir: string;
beforeAll(async () => {
  base = await testDatabase();
  dataDir = await mkdtemp(join(tmpdir(), "vigil-doctor-"));
});
afterAll(async () => {
  await base.close();
  await rm(dataDir, { recursive: true });
});

async function look(given: Record<string, string> = {}): Promise<Map<string, Finding>> {
  const urls = { DATABASE_URL: base.serverUrl, VIGIL_OWNER_DATABASE_URL: base.ownerUrl };
  const env = { VIGIL_DATA_DIR: dataDir, ...urls, ...given };
  const found = await examine(parseConfig(env), Date.now(), env);
  return new Map(found.map((finding) => [finding.part, finding]));
}

describe("vigil doctor", () => {
  it("finds a well installation well, and says what keeps this one from it", async () => {
    const sink = await smtpSink();
    try {
      const found = await look({
        REDIS_URL: inject("redisUrl"),
        SMTP_URL: sink.url,
        VIGIL_PUBLIC_URL: "https://vigil.example.com",
        VIGIL_JWT_SECRET: "x".repeat(32),
      });
      const levels = Object.fromEntries([...found].map(([part, { level }]) => [part, level]));
      expect(levels).toMatchObject({
        ...{
          node: "GOOD",
          settings: "GOOD",
          database: "GOOD",
          role: "GOOD",
          schema: "GOOD",
          clock: "GOOD",
          connections: "GOOD",
        },
        ...{ "row security": "GOOD", redis: "GOOD", "redis memory": "GOOD", "e-mail": "GOOD", address: "GOOD" },
        "token secret": "GOOD",
        "audit checkpoints": "GOOD",
        "encryption key": "CARE", // other servers would not have it
        durability: "BAD", // the tests' own cluster does not write safely
      });
    } finally {
      await sink.close();
    }
  });

  it("finds a table that is not guarded, a role that sees everything, and migrations that are missing", async () => {
    await base.asOwner("ALTER TABLE silences NO FORCE ROW LEVEL SECURITY");
    await base.asOwner("UPDATE _prisma_migrations SET rolled_back_at = now() WHERE migration_name LIKE '%_shipped'");
    const found = await look();
    const { says, mend = "" } = found.get("connections") as Finding;
    expect(says + mend).toMatch(/takes up to 31/); // jobs are in PostgreSQL, too
    expect(found.get("row security")).toMatchObject({ level: "BAD", says: "is not forced on silences" });
    expect(found.get("schema")).toMatchObject({ level: "BAD", says: expect.stringContaining("1 migration") });
    expect((await look({ DATABASE_URL: base.ownerUrl })).get("role")).toMatchObject({
      level: "BAD",
      says: expect.stringContaining("superuser"),
      mend: expect.stringContaining("vigil migrate"),
    });
  });

  it("finds what does not answer, is not encrypted, is open to others or may be thrown away", async () => {
    const key = join(dataDir, "encryption-keys");
    await writeFile(key, "");
    await chmod(key, 0o644);
    await chmod(dataDir, 0o755);
    const found = await look({
      DATABASE_URL: "postgres://x@127.0.0.1:1/x",
      REDIS_URL: "redis://127.0.0.1:1",
      SMTP_URL: "smtp://127.0.0.1:1?from=vigil@example.com",
      VIGIL_PUBLIC_URL: "http://vigil.example.com",
      VIGIL_GEOIP_CITY: key,
      VIGIL_TRUSTED_PROXY: "203.0.113.0/24",
      VIGIL_AUDIT_CHECKPOINTS: join(key, "checkpoints.ndjson"),
    });
    expect(found.get("settings")).toMatchObject({
      level: "CARE",
      says: expect.stringContaining("VIGIL_TRUSTED_PROXY"),
      mend: expect.stringContaining("VIGIL_TRUSTED_PROXIES"),
    });
    for (const part of ["database", "redis", "e-mail", "address", "encryption key", "geo cities", "audit checkpoints"])
      expect([part, found.get(part)?.level, found.get(part)?.mend !== undefined]).toEqual([part, "BAD", true]);
    expect(found.get("data directory")?.level).toBe("CARE");
    const redis = await givenRedis();
    const set = (memory: string, policy: string) =>
      ofEach(redis, (node) => node.config("SET", "maxmemory", memory, "maxmemory-policy", policy));
    await set("1000000000", "allkeys-lru");
    try {
      expect((await look({ REDIS_URL: inject("redisUrl") })).get("redis memory")?.level).toBe("CARE");
    } finally {
      await set("0", "noeviction");
      redis.disconnect();
    }
  });

  it("tells an old Node, and a clock that goes wrong", () => {
    expect(checkNode("18.20.0").level).toBe("BAD");
    expect(checkNode("20.18.9").level).toBe("BAD");
    expect(checkNode("20.19.0").level).toBe("GOOD");
    expect(checkNode("24.0.0").level).toBe("GOOD");
    expect(checkClock(1_000, 2_000).level).toBe("GOOD");
    expect(checkClock(1_000, 3_500)).toMatchObject({ level: "CARE", says: "2500 ms apart from the database's" });
  });

  it("puts how to mend it below what is wrong", () => {
    const lines = findingLines([
      { part: "a", level: "GOOD", says: "well" },
      { part: "long", level: "BAD", says: "broken", mend: "Mend it." },
    ]);
    expect(lines).toEqual(["ok    a     well", "BAD   long  broken", "            -> Mend it."]);
  });
});
