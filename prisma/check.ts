/** `npm run check`'s look at a freshly migrated database: schema.prisma is what the migrations make, and its catalog is sound. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { migrate } from "../src/database/migrate.ts";
import { openEmbeddedPostgres } from "../src/embedded/postgres.ts";
import { loadSecrets } from "../src/embedded/secrets.ts";
import { catalogFaults } from "./catalog.ts";
import { migrationTo } from "./diff.ts";

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
  for (const fault of faults) console.error(fault);
  if (faults.length > 0) process.exitCode = 1;
  else console.log("The migrated database is as schema.prisma says, and its catalog keeps organizations apart.");
} finally {
  await owner.end();
  await postgres.close();
  await rm(directory, { recursive: true, force: true });
}
