import type pg from "pg";

/** Connects; where that fails, it is told which setting led there, and nothing of what the setting holds. */
export async function connectBy(setting: string, client: Pick<pg.Client, "connect">): Promise<void> {
  await client.connect().catch((error: Error & { errors?: Error[] }) => {
    // Of a name with several addresses each says for itself, and the whole nothing.
    const words = error.errors?.map(({ message }) => message).join(", ") || error.message;
    throw new Error(`${setting} leads to no database: ${words}`, { cause: error });
  });
}
