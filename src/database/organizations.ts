import pg from "pg";
import { v7 as uuidv7 } from "uuid";
import { outliveLoss } from "../database-away.ts";
import { VigilError } from "../errors.ts";

/** Makes an organization as the owner of the tables; answers its id. Errors: BAD_USER_INPUT, CONFLICT (slug taken). */
export async function createOrganization(ownerUrl: string, slug: string, name: string): Promise<string> {
  if (!/^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$/.test(slug)) {
    throw new VigilError("BAD_USER_INPUT", "A slug is 1 to 40 lower-case letters, digits and hyphens.", {
      path: ["slug"],
    });
  }
  const client = outliveLoss(new pg.Client({ connectionString: ownerUrl, application_name: "vigil" }));
  await client.connect();
  try {
    const { rows } = await client.query<{ id: string }>(
      "INSERT INTO organizations (id, slug, name) VALUES ($1, $2, $3) ON CONFLICT (slug) DO NOTHING RETURNING id",
      [uuidv7(), slug, name],
    );
    const [made] = rows;
    if (!made) throw new VigilError("CONFLICT", `There is an organization "${slug}" already.`, { path: ["slug"] });
    return made.id;
  } finally {
    await client.end();
  }
}
