import type { Database } from "../db.ts";

/** The database as a part of the server's health. */
export async function databasePart(db: Pick<Database, "ping">) {
  const asked = performance.now();
  return db.ping().then(
    (version) => ({ name: "database", ok: true, detail: "answers", version, latencyMs: performance.now() - asked }),
    (error: Error) => ({ name: "database", ok: false, detail: error.message }),
  );
}
