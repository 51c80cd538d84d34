/**
 * `npm run check`'s look at a freshly migrated database: schema.prisma is what the migrations make, its catalog is sound, and
 * its policies are those of prisma/policies.txt, which `npm run policies` writes.
 */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { migrate } from "../src/database/migrate.ts";
import { openEmbeddedPostgres } from "../src/embedded/postgres.ts";
import { loadSecrets } from "../src/embedded/secrets.ts";
import { catalogFaults } from "./catalog.ts";
import { migrationTo } from "./diff.ts";
import { difference, policiesOf } from "./policies.ts";

const kept = join(import.meta.dirname, "policies.txt");

const directory = await mkdtemp(join(tmpdir(), "vigil-check-"));
const postgres = await openEmbeddedPostgres(directory, await loadSecrets(directory));
const owner = new pg.Client({ connectionString: postgres.ownerUrl });
try {
  await migrate(postgres.ownerUrl, postgres.serverUrl);
  await owner.connect();
  await owner.query("SELECT ensure_event_partitions((now() AT TIME ZONE 'UTC')::date - 1, 4)");
  const faults = await catalogFaults(owner);
  const drift = await migrationTo(join(import.meta.dirname, "schema.prisma"), { url: postgres.ownerUrl });
  if (drift) faults.push(`schema.prisma is not what the migrations make; \`npm run migration\` says:\n${drift}`);
  const policies = await policiesOf(owner);
  if (process.argv.includes("--write")) await writeFile(kept, `${policies.join("\n")}\n`);
  const changed = difference((await readFile(kept, "utf8")).trimEnd().split("\n"), policies);
  if (changed.length > 0) {
    const what =
      "Who may read or write what is not as prisma/policies.txt says. If it is meant: `npm run policies`, and let a";
    faults.push(`${what} second person read the change:\n${changed.join("\n")}`);
  }
  for (const fault of faults) console.error(fault);
  if (faults.length > 0) process.exitCode = 1;
  else console.log("The migrated database is as schema.prisma says, and its catalog keeps organizations apart.");
} finally {
  await owner.end();
  await postgres.close();
  await rm(directory, { recursive: true, force: true });
}
