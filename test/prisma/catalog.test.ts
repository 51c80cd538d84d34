import { readFileSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { catalogFaults } from "../../prisma/catalog.ts";
import { difference, policiesOf } from "../../prisma/policies.ts";
import { seedStatistics } from "../../src/database/first-statistics.ts";
import { type TestDatabase, testDatabase } from "../support/database.ts";

let test: TestDatabase;
let owner: pg.Client;
beforeAll(async () => {
  test = await testDatabase();
  owner = new pg.Client({ connectionString: test.ownerUrl });
  await owner.connect();
});
afterAll(async () => {
  await owner.end();
  await test.close();
});

describe("the catalog of the migrated database", () => {
  it("T2, T6, T7: has no fault", async () => {
    expect(await catalogFaults(owner)).toEqual([]);
  });

  it("T10: is as prisma/policies.txt says, which marks every migration that changes who may read or write what", async () => {
    const kept = readFileSync(join(import.meta.dirname, "../../prisma/policies.txt"), "utf8")
      .trimEnd()
      .split("\n");
    expect(difference(kept, await policiesOf(owner))).toEqual([]);
    const bad: [string, RegExp[]][] = [
      [
        "CREATE POLICY leak ON security_alerts FOR SELECT USING (true)",
        [/^\+ security_alerts: policy leak for select to everybody using true/],
      ],
      [
        "ALTER POLICY tenant ON security_alerts USING (true)",
        [/^- security_alerts: policy tenant/, /^\+ security_alerts: policy tenant .* using true/],
      ],
      ["DROP POLICY tenant ON security_alerts", [/^- security_alerts: policy tenant/]],
      [
        "ALTER TABLE security_alerts NO FORCE ROW LEVEL SECURITY",
        [/^- security_alerts: .*forced/, /^\+ security_alerts: row level security on/],
      ],
      [
        "GRANT DELETE ON security_audit_log TO vigil_app",
        [/^- security_audit_log: /, /^\+ security_audit_log: .*DELETE/],
      ],
      [
        "GRANT UPDATE (actor) ON security_audit_log TO vigil_app",
        [/^- security_audit_log: /, /^\+ security_audit_log: .*UPDATE \(actor\)/],
      ],
      ["CREATE TABLE fresh (id int)", [/^\+ fresh: row level security OFF/]],
    ];
    for (const [migration, marks] of bad) {
      await owner.query("BEGIN");
      try {
        await owner.query(migration);
        const marked = difference(kept, await policiesOf(owner));
        expect([migration, marked]).toEqual([migration, marks.map((mark) => expect.stringMatching(mark))]);
      } finally {
        await owner.query("ROLLBACK");
      }
    }
  });

  it("lets the planner find a row by its key among all of an organization's, before any ANALYZE", async () => {
    const { rows } = await owner.query<{ known: number }>(
      "SELECT count(*)::int AS known FROM pg_stats WHERE tablename = 'security_alerts' AND attname = 'organization_id' AND n_distinct = 1",
    );
    expect(rows).toEqual([{ known: 1 }]);
    await owner.query("BEGIN");
    try {
      await owner.query(`CREATE TABLE grown (organization_id uuid, id uuid DEFAULT gen_random_uuid(), at timestamptz DEFAULT now(),
        PRIMARY KEY (organization_id, id)); CREATE INDEX ON grown (organization_id, at)`);
      await seedStatistics(owner);
      const ours = "'00000000-0000-7000-8000-000000000001'::uuid";
      await owner.query(`INSERT INTO grown (organization_id) SELECT ${ours} FROM generate_series(1, 5000)`);
      const { rows: plan } = await owner.query<{ "QUERY PLAN": string }>(
        `EXPLAIN SELECT a.at FROM unnest('{${Array(40).fill("00000000-0000-7000-8000-000000000002").join()}}'::uuid[]) AS t(id)
           JOIN grown a ON a.organization_id = ${ours} AND a.id = t.id`,
      );
      expect(plan.map((row) => row["QUERY PLAN"]).join(" ")).toMatch(/Index Cond: .*organization_id = .* AND \(id = /);
    } finally {
      await owner.query("ROLLBACK");
    }
  });

  it.each([
    ["a table without organization_id", "CREATE TABLE loose (id uuid PRIMARY KEY)", /^loose has no organization_id/],
    [
      "a table whose rows anybody sees",
      "CREATE TABLE bare (organization_id uuid NOT NULL, id uuid, PRIMARY KEY (organization_id, id))",
      /^bare T2/,
    ],
    ["a policy that lets all rows through", "ALTER POLICY tenant ON users USING (true)", /^users T2/],
    ["a second, permissive policy", "CREATE POLICY more ON users FOR SELECT USING (true)", /^users T2/],
    ["a check that lets all rows in", "ALTER POLICY tenant ON users WITH CHECK (true)", /^users T2/],
    ["security that its owner is exempt from", "ALTER TABLE users NO FORCE ROW LEVEL SECURITY", /^users T2/],
    ["a view that runs as its owner", "CREATE VIEW everybody AS SELECT * FROM users", /^everybody T6/],
    [
      "a materialized view that the server reads",
      "CREATE MATERIALIZED VIEW frozen AS SELECT * FROM users; GRANT SELECT ON frozen TO vigil_app",
      /^frozen T6/,
    ],
    [
      "a definer function that nobody reviewed",
      "CREATE FUNCTION peek() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS 'SELECT count(*) FROM users'",
      /^peek\(\) T6/,
    ],
    [
      "a reviewed function whose search path is open",
      "ALTER FUNCTION organization_ids() RESET search_path",
      /^organization_ids\(\) T6/,
    ],
    [
      "a definer function that everybody may call",
      "GRANT EXECUTE ON FUNCTION organization_ids() TO PUBLIC",
      /^organization_ids\(\) T6/,
    ],
    ["a unique across organizations (L7)", "CREATE UNIQUE INDEX one_email ON users (email)", /^one_email T7/],
    [
      "a foreign key across organizations (L8)",
      "ALTER TABLE users ADD UNIQUE (organization_id, id, email); CREATE UNIQUE INDEX any_user ON users (id); ALTER TABLE sign_in_links ADD CONSTRAINT loose_fk FOREIGN KEY (user_id) REFERENCES users (id)",
      /^sign_in_links\.loose_fk T7/,
    ],
    ["TRUNCATE in the server's hands", "GRANT TRUNCATE ON users TO vigil_app", /^users is a tenant table on which/],
  ])("is told of %s", async (_, sql, fault) => {
    await owner.query("BEGIN");
    try {
      await owner.query(sql);
      expect(await catalogFaults(owner)).toContainEqual(expect.stringMatching(fault));
    } finally {
      await owner.query("ROLLBACK");
    }
  });
});
