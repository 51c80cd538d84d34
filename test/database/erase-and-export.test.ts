import { spawn } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ensureUser } from "../../src/access/users.ts";
import { populate } from "../isolation/populate.ts";
import { daysAgo, type Old, openOld } from "../retention/old.ts";
import { type TestServer, testServer } from "../support/server.ts";

let server: TestServer;
let old: Old;
let directory: string;

/** The command on the test's database. */
function vigil(...words: string[]): Promise<{ code: number | null; out: string; err: string }> {
  const child = spawn(process.execPath, [join(import.meta.dirname, "../../src/vigil.js"), ...words], {
    env: {
      ...process.env,
      DATABASE_URL: server.database.serverUrl,
      VIGIL_OWNER_DATABASE_URL: server.database.ownerUrl,
      VIGIL_DATA_DIR: server.dataDir,
    },
  });
  const text = { out: "", err: "" };
  child.stdout.on("data", (chunk) => {
    text.out += chunk;
  });
  child.stderr.on("data", (chunk) => {
    text.err += chunk;
  });
  return new Promise((resolve) => child.on("close", (code) => resolve({ code, ...text })));
}

/** Rows in every table, a text per row. */
const all = (organizationId: string) => old.everything(organizationId);
const counts = (tables: Record<string, unknown[]>) =>
  Object.fromEntries(Object.entries(tables).map(([name, rows]) => [name, rows.length]));

beforeAll(async () => {
  server = await testServer({});
  old = await openOld(server.database.ownerUrl);
  const owner = new pg.Client({ connectionString: server.database.ownerUrl });
  await owner.connect();
  await populate(owner, server.database.organizations).finally(() => owner.end());
  directory = await mkdtemp(join(tmpdir(), "vigil-export-"));
  await old.partition(daysAgo(40));
  for (const [organizationId, key, mark] of [
    [server.ours, server.key, "ours"],
    [server.theirs, server.otherKey, "theirs"],
  ] as const) {
    // Nothing is delivered in the background, so that nothing changes but by the commands.
    await old.sql(organizationId, "UPDATE alert_channels SET suspended_at = now() WHERE organization_id = $1", [
      organizationId,
    ]);
    await server.failLogins(`${mark}-victim`, { times: 12, as: key });
    const events = await old.events(organizationId, daysAgo(40), 4_500);
    await old.incident(organizationId, { at: daysAgo(40), eventIds: events.slice(0, 2) });
    await old.incident(organizationId, { at: daysAgo(40), status: "CLOSED" });
    await server.app.db.inOrganization(organizationId, (tx) =>
      ensureUser(tx, { email: `${mark}@example.org`, name: mark, role: "ADMIN", now: Date.now() }),
    );
    await old.sql(organizationId, "INSERT INTO event_keys VALUES ($1, $2, now())", [organizationId, mark]);
    await old.sql(
      organizationId,
      `INSERT INTO sign_in_links (organization_id, id, user_id, secret_hash, expires_at)
       SELECT $1, gen_random_uuid(), id, 'canary-credential'::bytea, now() FROM users WHERE organization_id = $1`,
      [organizationId],
    );
    await old.sql(
      organizationId,
      "INSERT INTO alert_rule_revisions SELECT organization_id, id, 1000, mode, yaml, 'tester' FROM alert_rules WHERE organization_id = $1 LIMIT 1",
      [organizationId],
    );
  }
});
afterAll(async () => {
  await old?.close();
  await server?.close();
  await rm(directory, { recursive: true, force: true });
});

describe("vigil org export", () => {
  it("T12: writes every row of the organization and none of another's, counted per table", async () => {
    const before = await all(server.ours);
    expect(Object.entries(before).filter(([, rows]) => rows.length === 0)).toEqual([]); // each table is really tried
    const to = join(directory, "ours");
    const { code, out, err } = await vigil("org", "export", "demo", "--to", to);
    expect(err).toBe("");
    expect(code).toBe(0);
    const expected: Record<string, number> = { ...counts(before), organizations: 1 };
    expected.security_audit_log = (expected.security_audit_log ?? 0) + 1; // the export itself
    const { tables, leftOut } = JSON.parse(await readFile(join(to, "manifest.json"), "utf8"));
    expect(tables).toEqual(expected);
    expect(leftOut.sort()).toEqual([
      "alert_channels.sealed_secrets",
      "api_keys.secret_hash",
      "recovery_codes.code_hash",
      "response_webhooks.sealed_secrets",
      "second_factors.sealed",
      "second_factors.sealed_secret",
      "sessions.secret_hash",
      "sign_in_links.secret_hash",
      "user_checks.earlier_hashes",
      "user_checks.secret_hash",
    ]);
    expect(out).toContain(`realtime_monitoring: ${expected.realtime_monitoring}`);
    for (const [table, rows] of Object.entries(expected)) {
      const text = await readFile(join(to, `${table}.ndjson`), "utf8");
      const lines = text
        .split("\n")
        .slice(0, -1)
        .map((line) => JSON.parse(line));
      expect([table, lines.length]).toEqual([table, rows]);
      const owner = table === "organizations" ? "id" : "organization_id";
      expect(new Set(lines.map((line) => line[owner]))).toEqual(new Set([server.ours]));
      expect(text).not.toMatch(/theirs[-@]|"theirs"|canary-credential|secret_hash"/);
      expect(text).not.toContain(server.theirs);
    }
    expect((await readdir(to)).length).toBe(Object.keys(expected).length + 1);
    expect((await stat(join(to, "users.ndjson"))).mode & 0o077).toBe(0);
    const [last] = await old.sql(
      server.ours,
      "SELECT actor, action FROM security_audit_log WHERE organization_id = $1 ORDER BY seq DESC LIMIT 1",
      [server.ours],
    );
    expect(last?.action).toBe("ORGANIZATION_EXPORTED");
  });

  it("writes into no directory that holds something", async () => {
    const { code, err } = await vigil("org", "export", "demo", "--to", join(directory, "ours"));
    expect(code).toBe(1);
    expect(err).toContain("is not empty");
  });
});

describe("vigil org erase", () => {
  it("erases nothing unless the slug is said twice", async () => {
    const before = await all(server.ours);
    const { code, err } = await vigil("org", "erase", "demo", "--confirm", "other");
    expect(code).toBe(1);
    expect(err).toContain("Nothing was erased");
    expect(await all(server.ours)).toEqual(before);
  });

  it("T12: removes every row of the organization, counted before and after, and touches no other row", async () => {
    const ours = counts(await all(server.ours));
    const theirs = await all(server.theirs);
    const { code, out, err } = await vigil("org", "erase", "demo", "--confirm", "demo");
    expect(err).toBe("");
    expect(code).toBe(0);
    const certificate = JSON.parse(out);
    expect(certificate).toMatchObject({
      certificate: "ORGANIZATION_ERASED",
      slug: "demo",
      organizationId: server.ours,
      remaining: 0,
    });
    expect(certificate.tables).toEqual({ ...ours, organizations: 1 });
    expect(Object.values(counts(await all(server.ours))).every((rows) => rows === 0)).toBe(true);
    expect(await all(server.theirs)).toEqual(theirs);
    expect((await server.database.asOwner("SELECT slug FROM organizations")).map(({ slug }) => slug)).toEqual([
      "other",
    ]);
    expect((await vigil("org", "erase", "demo", "--confirm", "demo")).err).toContain('There is no organization "demo"');
    // Whoever held a key of it is nobody now.
    expect((await server.failLogins("late", { times: 1 })).status).toBe(401);
    expect((await server.failLogins("late", { times: 1, as: server.otherKey })).status).toBe(200);
  }, 120_000);
});
