import type pg from "pg";

/** Connects; where that fails, it is told what led there, a setting as a rule, and no password. */
export async function connectBy(source: string, client: Pick<pg.Client, "connect">): Promise<void> {
  await client.connect().catch((error: Error & { errors?: Error[] }) => {
    // Of a name with several addresses each says for itself, and the whole nothing.
    const words = error.errors?.map(({ message }) => message).join(", ") || error.message;
    throw new Error(`${source} leads to no database: ${words}`, { cause: error });
  });
}
