/**
 * What Row Level Security must hold, tried on every tenant table by a role that was granted everything short of
 * owning it: each entry of the answer is something that one organization could do to another.
 */
import pg from "pg";
import { type Population, type TenantTable, tenantTables } from "./populate.ts";

const denied = "42501"; // row-level security refuses with insufficient_privilege

/** A role with every right but ownership and BYPASSRLS: grants hide no missing policy. Made once in a cluster. */
export async function testerUrl(ownerUrl: string): Promise<string> {
  const owner = new pg.Client({ connectionString: ownerUrl });
  await owner.connect();
  const known = await owner.query("SELECT FROM pg_roles WHERE rolname = 'isolation_tester'");
  if (known.rowCount === 0) {
    await owner.query("CREATE ROLE isolation_tester LOGIN PASSWORD 'tester'").catch(() => undefined); // another file was first
  }
  await owner.query("GRANT USAGE ON SCHEMA public TO isolation_tester");
  await owner.query("GRANT ALL ON ALL TABLES IN SCHEMA public TO isolation_tester");
  await owner.query("GRANT EXECUTE ON FUNCTION current_organization() TO isolation_tester");
  await owner.end();
  const url = new URL(ownerUrl);
  url.username = "isolation_tester";
  url.password = "tester";
  return url.href;
}

/** Everything that `ours` could see of, or do to, `theirs`, in every table or in `only` one; [] when isolation holds. */
export async function isolationFaults(
  urls: { ownerUrl: string; testerUrl: string },
  population: Population,
  ours: string,
  theirs: string,
  only?: string,
): Promise<string[]> {
  const owner = new pg.Client({ connectionString: urls.ownerUrl });
  const tester = new pg.Client({ connectionString: urls.testerUrl });
  await owner.connect();
  await tester.connect();
  const faults: string[] = [];

  /** Runs as the organization and undoes it; the number of rows, or the error's code. */
  async function attempt(organizationId: string, sql: string, values: unknown[] = []): Promise<number | string> {
    await tester.query("BEGIN");
    try {
      await tester.query("SELECT set_config('app.organization_id', $1, true)", [organizationId]);
      return (await tester.query(sql, values)).rowCount ?? 0;
    } catch (error) {
      return (error as { code?: string }).code ?? String(error);
    } finally {
      await tester.query("ROLLBACK");
    }
  }

  async function judge({ name, columns }: TenantTable): Promise<void> {
    const row = population.get(theirs)?.get(name);
    if (!row) {
      faults.push(`${name}: nothing to try it on`);
      return;
    }
    const expect = (what: string, actual: number | string, wanted: number | string): void => {
      if (actual !== wanted) faults.push(`${name}: ${what}: ${actual}, not ${wanted}`);
    };
    const seen = await attempt(ours, `SELECT FROM ${name}`);
    if (typeof seen !== "number" || seen < 1) faults.push(`${name}: our own row is not to be seen: ${seen}`);
    expect("foreign rows seen", await attempt(ours, `SELECT FROM ${name} WHERE organization_id <> $1`, [ours]), 0);
    for (const nobody of ["", null]) {
      expect("rows seen by nobody", await attempt(nobody as string, `SELECT FROM ${name}`), 0);
    }
    const names = columns.map((column) => column.name);
    const insert = `INSERT INTO ${name} (${names.map((column) => `"${column}"`).join(", ")}) VALUES (${names.map((_, n) => `$${n + 1}`).join(", ")})`;
    expect(
      "a row written for them",
      await attempt(
        ours,
        insert,
        names.map((column) => row[column]),
      ),
      denied,
    );
    const move = `UPDATE ${name} SET organization_id = $1 WHERE organization_id = $2`;
    expect("our row given to them", await attempt(ours, move, [theirs, ours]), denied);
    const touch = `UPDATE ${name} SET organization_id = organization_id WHERE organization_id = $1`;
    expect("their rows changed", await attempt(ours, touch, [theirs]), 0);
    expect("their rows deleted", await attempt(ours, `DELETE FROM ${name} WHERE organization_id = $1`, [theirs]), 0);
  }

  try {
    const others = await attempt(ours, "SELECT FROM organizations WHERE id <> $1", [ours]);
    if (others !== 0) faults.push(`organizations: others seen: ${others}`);
    const own = await attempt(ours, "SELECT FROM organizations WHERE id = $1", [ours]);
    if (own !== 1) faults.push(`organizations: our own is not to be seen: ${own}`);
    const made = "INSERT INTO organizations (id, slug, name) VALUES (gen_random_uuid(), 'made', 'Made')";
    const allowed = await attempt(ours, made);
    if (allowed !== denied) faults.push(`organizations: one was made: ${allowed}`);
    for (const table of await tenantTables(owner)) {
      if (only === undefined || only === table.name) await judge(table);
    }
    return faults;
  } finally {
    await tester.end();
    await owner.end();
  }
}
