/** Everything that one organization has here, as NDJSON: one file a table, as of one moment, under its own policy. */
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { finished } from "node:stream/promises";
import pg from "pg";
import { outliveLoss } from "../database-away.ts";
import { VigilError } from "../errors.ts";
import { type TenantTable, tenantTables } from "./tenant-tables.ts";

export interface TableCount {
  table: string;
  rows: number;
}

const page = 2_000; // rows fetched at once
/** Columns that let somebody in: they stay here. */
const credential = /secret|password|^(second_factors\.sealed|recovery_codes\.code_hash|user_checks\.earlier_hashes)$/;

/** Writes the files into an empty (or new) directory that only this user can read; answers the rows of each table. */
export async function exportOrganization(
  serverUrl: string,
  organizationId: string,
  directory: string,
  options: { now: number; onTable?: (count: TableCount) => void },
): Promise<TableCount[]> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  if ((await readdir(directory)).length > 0) {
    throw new VigilError("BAD_USER_INPUT", `${directory} is not empty: export into a directory of its own.`);
  }
  const client = outliveLoss(new pg.Client({ connectionString: serverUrl, application_name: "vigil export" }));
  await client.connect();
  try {
    await client.query("BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY");
    await client.query("SELECT set_config('app.organization_id', $1, true)", [organizationId]);
    const counts: TableCount[] = [];
    const leftOut: string[] = [];
    for (const table of await tenantTables(client)) {
      const isCredential = (column: string): boolean => credential.test(`${table.name}.${column}`);
      const columns = table.columns.filter((column) => !isCredential(column));
      leftOut.push(...table.columns.filter(isCredential).map((column) => `${table.name}.${column}`));
      const file = join(directory, `${table.name}.ndjson`);
      const count = { table: table.name, rows: await exportTable(client, { ...table, columns }, organizationId, file) };
      counts.push(count);
      options.onTable?.(count);
    }
    await client.query("COMMIT");
    const tables = Object.fromEntries(counts.map(({ table, rows }) => [table, rows]));
    const manifest = { organizationId, exportedAt: new Date(options.now).toISOString(), tables, leftOut };
    await writeFile(join(directory, "manifest.json"), `${JSON.stringify(manifest, null, 2)}\n`, { mode: 0o600 });
    return counts;
  } finally {
    await client.end();
  }
}

async function exportTable(
  client: pg.Client,
  { name, key, columns, owner }: TenantTable,
  organizationId: string,
  file: string,
): Promise<number> {
  const out = createWriteStream(file, { mode: 0o600 });
  const written = finished(out);
  written.catch(() => undefined); // awaited below; a failed write must not end the process before that
  await client.query(
    `DECLARE exported NO SCROLL CURSOR FOR SELECT row_to_json(r)::text AS line
     FROM (SELECT ${columns.join(", ")} FROM ${name} WHERE ${owner} = '${organizationId}' ORDER BY ${key.join(", ")}) r`,
  );
  let rows = 0;
  try {
    for (;;) {
      const { rows: lines } = await client.query<{ line: string }>(`FETCH ${page} FROM exported`);
      if (lines.length === 0) break;
      rows += lines.length;
      if (!out.write(`${lines.map(({ line }) => line).join("\n")}\n`))
        await Promise.race([once(out, "drain"), written]);
    }
    out.end();
    await written;
  } finally {
    out.destroy();
  }
  await client.query("CLOSE exported");
  return rows;
}
