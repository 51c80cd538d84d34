/**
 * `npm run mutate:isolation` (ACCEPTANCE T13): takes away, one at a time, every policy, every check and every filter
 * that keeps organizations apart, and sees whether the checks notice. A mutant that lives is a hole in the tests.
 * `-- --database` leaves the mutants of the source out, which take a test run each; `-- --source` tries only those.
 */
import { spawnSync } from "node:child_process";
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { catalogFaults } from "../../prisma/catalog.ts";
import { migrate } from "../../src/database/migrate.ts";
import { createOrganization } from "../../src/database/organizations.ts";
import { openEmbeddedPostgres } from "../../src/embedded/postgres.ts";
import { loadSecrets } from "../../src/embedded/secrets.ts";
import { populate, tenantTables } from "./populate.ts";
import { sourceMutants } from "./source-mutants.ts";
import { isolationFaults, testerUrl } from "./tables.ts";

interface Verdict {
  mutant: string;
  killedBy: string[];
}

/** Mutants of the database: what a migration could have forgotten. */
async function databaseMutants(directory: string): Promise<Verdict[]> {
  const postgres = await openEmbeddedPostgres(directory, await loadSecrets(directory));
  const owner = new pg.Client({ connectionString: postgres.ownerUrl });
  try {
    await migrate(postgres.ownerUrl, postgres.serverUrl);
    await owner.connect();
    await owner.query("SELECT ensure_event_partitions((now() AT TIME ZONE 'UTC')::date - 1, 2)");
    const organizations: { id: string; slug: string }[] = [];
    for (const slug of ["demo", "other"]) {
      organizations.push({ id: await createOrganization(postgres.ownerUrl, slug, slug), slug });
    }
    const [ours, theirs] = organizations.map(({ id }) => id) as [string, string];
    const population = await populate(owner, organizations);
    const urls = { ownerUrl: postgres.ownerUrl, testerUrl: await testerUrl(postgres.ownerUrl) };
    const judge = async (only?: string): Promise<string[]> => [
      ...((await isolationFaults(urls, population, ours, theirs, only)).length > 0 ? ["behaviour"] : []),
      ...((await catalogFaults(owner)).length > 0 ? ["catalog"] : []),
    ];
    const sound = await judge();
    if (sound.length > 0) throw new Error(`without a mutation, the checks already complain: ${sound.join(", ")}`);

    const rule = "organization_id = (SELECT current_organization())";
    const verdicts: Verdict[] = [];
    const tables = (await tenantTables(owner)).map(({ name }) => ({ name, rule }));
    tables.push({ name: "organizations", rule: "id = (SELECT current_organization())" });
    for (const { name, rule } of tables) {
      const mutants: [string, string, string][] = [
        [
          "USING (true)",
          `ALTER POLICY tenant ON ${name} USING (true)`,
          `ALTER POLICY tenant ON ${name} USING (${rule})`,
        ],
        [
          "WITH CHECK (true)",
          `ALTER POLICY tenant ON ${name} WITH CHECK (true)`,
          `ALTER POLICY tenant ON ${name} WITH CHECK (${rule})`,
        ],
        [
          "no policy",
          `DROP POLICY tenant ON ${name}`,
          `CREATE POLICY tenant ON ${name} USING (${rule}) WITH CHECK (${rule})`,
        ],
        [
          "no Row Level Security",
          `ALTER TABLE ${name} DISABLE ROW LEVEL SECURITY`,
          `ALTER TABLE ${name} ENABLE ROW LEVEL SECURITY`,
        ],
        [
          "not forced",
          `ALTER TABLE ${name} NO FORCE ROW LEVEL SECURITY`,
          `ALTER TABLE ${name} FORCE ROW LEVEL SECURITY`,
        ],
      ];
      for (const [mutant, mutate, restore] of mutants) {
        await owner.query(mutate);
        const narrow = await judge(name); // a policy is of one table: the others are looked at where that one saw nothing
        verdicts.push({ mutant: `${name}: ${mutant}`, killedBy: narrow.length > 0 ? narrow : await judge() });
        await owner.query(restore);
      }
    }
    return verdicts;
  } finally {
    await owner.end();
    await postgres.close();
  }
}

/** Mutants of the source: each in a copy of the tree, judged by the tests of isolation. */
async function mutantsOfSource(directory: string): Promise<Verdict[]> {
  const root = join(import.meta.dirname, "../..");
  const copy = join(directory, "tree");
  for (const part of ["src", "test", "prisma", "package.json", "tsconfig.json", "vitest.config.ts", "schema.graphql"]) {
    await cp(join(root, part), join(copy, part), { recursive: true });
  }
  await symlink(join(root, "node_modules"), join(copy, "node_modules"));
  const run = (...tests: string[]): boolean =>
    spawnSync("npx", ["vitest", "run", "--bail=1", ...tests], { cwd: copy, stdio: "ignore" }).status === 0;
  // The matrix takes longest, and is asked where the others saw nothing.
  const quick = ["test/isolation/shared.test.ts", "test/isolation/tables.test.ts", "test/db.test.ts"];
  const passes = (): boolean =>
    run(...quick, "test/realtime.test.ts", "test/architecture.test.ts") && run("test/isolation/matrix.test.ts");
  if (!passes()) throw new Error("without a mutation, the tests of isolation already fail");
  const verdicts: Verdict[] = [];
  for (const { file, from, to, why } of sourceMutants) {
    const path = join(copy, file);
    const sound = await readFile(path, "utf8");
    if (!sound.includes(from)) throw new Error(`${file} no longer holds "${from}": source-mutants.ts must follow`);
    await writeFile(path, sound.replace(from, to));
    verdicts.push({ mutant: `${file}: ${why}`, killedBy: passes() ? [] : ["tests"] });
    await writeFile(path, sound);
  }
  return verdicts;
}

const directory = await mkdtemp(join(tmpdir(), "vigil-mutate-"));
try {
  const verdicts: Verdict[] = [];
  if (!process.argv.includes("--source")) verdicts.push(...(await databaseMutants(directory)));
  if (!process.argv.includes("--database")) verdicts.push(...(await mutantsOfSource(directory)));
  for (const { mutant, killedBy } of verdicts) {
    console.log(
      `${killedBy.length > 0 ? "killed" : "ALIVE "}  ${mutant}${killedBy.length > 0 ? `  (${killedBy.join(", ")})` : ""}`,
    );
  }
  const alive = verdicts.filter(({ killedBy }) => killedBy.length === 0).length;
  console.log(`${verdicts.length - alive} of ${verdicts.length} mutants killed`);
  if (alive > 0) process.exitCode = 1;
} finally {
  await rm(directory, { recursive: true, force: true });
}
