/** Removes an organization and everything it has, as the tables' owner; counts what was there, what went, what is left. */
import { setTimeout as wait } from "node:timers/promises";
import pg from "pg";
import { outliveLoss } from "../database-away.ts";
import { type TenantTable, tenantTables } from "./tenant-tables.ts";

/** What an erasure can be held to: it leaves no other trace. */
export interface Certificate {
  organizationId: string;
  slug: string;
  erasedAt: string;
  /** Rows that went, table by table. */
  tables: Record<string, number>;
  rows: number;
  /** Rows found afterwards: none, or the organization stays and can be erased again. */
  remaining: number;
}

const batch = 10_000; // rows deleted in one statement: other organizations' writes do not wait for it
const settle = 6_000; // milliseconds: a running server notices within 5 seconds that a key or user is refused

export async function eraseOrganization(
  ownerUrl: string,
  organization: { id: string; slug: string },
  { now }: { now: number },
): Promise<Certificate> {
  const client = outliveLoss(new pg.Client({ connectionString: ownerUrl, application_name: "vigil erase" }));
  await client.connect();
  try {
    // The owner may be held by the policies too; a superuser is not: every statement names the organization as well.
    await client.query("SELECT set_config('app.organization_id', $1, false)", [organization.id]);
    const tables = await tenantTables(client);
    // Nobody signs in or sends any more, while what they have made is removed.
    await client.query("UPDATE users SET suspended_at = coalesce(suspended_at, now()) WHERE organization_id = $1", [
      organization.id,
    ]);
    await client.query("UPDATE api_keys SET revoked_at = coalesce(revoked_at, now()) WHERE organization_id = $1", [
      organization.id,
    ]);
    const erased: Record<string, number> = Object.fromEntries(tables.map(({ name }) => [name, 0]));
    const erase = async (some: TenantTable[]): Promise<void> => {
      for (const table of some)
        erased[table.name] = (erased[table.name] ?? 0) + (await eraseRows(client, table, organization.id));
    };
    const contents = tables.filter(({ owner }) => owner !== "id");
    await erase(contents);
    await wait(settle);
    await erase(contents); // what was on its way
    let remaining = 0;
    for (const table of contents) remaining += await countRows(client, table, organization.id);
    if (remaining === 0) await erase(tables);
    return {
      organizationId: organization.id,
      slug: organization.slug,
      erasedAt: new Date(now).toISOString(),
      tables: erased,
      rows: Object.values(erased).reduce((sum, rows) => sum + rows, 0),
      remaining,
    };
  } finally {
    await client.end();
  }
}

/** What goes by cascade is counted with its own table, since every table comes before those that it refers to. */
async function eraseRows(
  client: pg.Client,
  { name, key, owner }: TenantTable,
  organizationId: string,
): Promise<number> {
  const keys = key.join(", ");
  let rows = 0;
  for (;;) {
    const { rowCount } = await client.query(
      `DELETE FROM ${name} WHERE ${owner} = $1 AND (${keys}) IN (SELECT ${keys} FROM ${name} WHERE ${owner} = $1 LIMIT ${batch})`,
      [organizationId],
    );
    rows += rowCount ?? 0;
    if ((rowCount ?? 0) < batch) return rows;
  }
}

async function countRows(client: pg.Client, { name, owner }: TenantTable, organizationId: string): Promise<number> {
  const { rows } = await client.query<{ rows: number }>(
    `SELECT count(*)::int AS rows FROM ${name} WHERE ${owner} = $1`,
    [organizationId],
  );
  return rows[0]?.rows ?? 0;
}
