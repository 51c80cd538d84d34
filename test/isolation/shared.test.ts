import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import { v7 as uuidv7 } from "uuid";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { prepareConnection, tenantQuery } from "../../src/database/tenant-pool.ts";
import { type TestServer, testServer } from "../support/server.ts";

let server: TestServer;
beforeAll(async () => {
  server = await testServer({});
});
afterAll(() => server.close());

describe("what organizations share", () => {
  it("T4: a connection forgets the organization with the transaction, whether it went well or not", async () => {
    const client = new pg.Client({ connectionString: server.database.serverUrl });
    await client.connect();
    await prepareConnection(client);
    const left = async () =>
      (await client.query("SELECT current_setting('app.organization_id', true) AS it")).rows[0].it;
    await tenantQuery(client, server.ours, "SELECT 1");
    expect(await left()).toBe("");
    await expect(tenantQuery(client, server.ours, "SELECT 1 / 0")).rejects.toThrow(/zero/);
    expect(await left()).toBe("");
    await client.end();
  });

  it("T4: the source sets the organization for a transaction only, and makes Prisma clients in one place", () => {
    const root = join(import.meta.dirname, "../../src");
    const files = readdirSync(root, { recursive: true, encoding: "utf8" }).filter(
      (file) => file.endsWith(".ts") && !file.startsWith("generated"),
    );
    const found = (pattern: RegExp) =>
      files.flatMap((file) =>
        [...readFileSync(join(root, file), "utf8").matchAll(pattern)].map((match) => [file, match[0]]),
      );
    const settings = found(/set_config\((?:[^()]|\([^()]*\))*\)/g).filter(
      ([, text]) => text?.includes("app.organization_id") || text?.includes("$"),
    );
    expect(settings.length).toBeGreaterThan(1);
    // Erasing an organization has a connection of its own, of the owner, which ends with it.
    const own = "database/erase-organization.ts";
    for (const [, text] of settings.filter(([file]) => file !== own)) expect(text).toMatch(/, true\)$/);
    expect(found(/new PrismaClient\(/g).map(([file]) => file)).toEqual(["db.ts"]);
    expect(found(/SET (SESSION )?app\./gi)).toEqual([]);
  });

  it("T11: a user of one organization is not taken for the user of another that has the same id", async () => {
    const id = uuidv7();
    for (const [organizationId, suspended] of [
      [server.ours, null],
      [server.theirs, new Date()],
    ] as const) {
      await server.database.asOwner(
        "INSERT INTO users (organization_id, id, email, name, role, suspended_at) VALUES ($1, $2, 'same@clinic.example', 'Same', 'ADMIN', $3)",
        [organizationId, id, suspended],
      );
    }
    const claims = { userId: id, name: "same@clinic.example", role: "ADMIN" as const };
    const mine = await server.app.tokens.sign({ ...claims, organizationId: server.ours }, 600);
    const suspended = await server.app.tokens.sign({ ...claims, organizationId: server.theirs }, 600);
    expect(await server.app.authenticator.authenticate(mine)).toMatchObject({ organizationId: server.ours });
    await expect(server.app.authenticator.authenticate(suspended)).rejects.toThrow(/suspended/);
  });

  it("T11: the gauges of one organization do not move for another's incidents, asked at the same moment", async () => {
    await server.failLogins("eve", { times: 10, as: server.otherKey });
    const [ours, theirs] = await Promise.all([
      server.app.gauges.now(server.ours),
      server.app.gauges.now(server.theirs),
    ]);
    expect([ours.openIncidents, theirs.openIncidents]).toEqual([0, 1]);
  });
});
