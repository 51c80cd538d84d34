/** Prints the SQL that brings a migrated database to schema.prisma: the start of the next migration. */
import { join } from "node:path";
import { migrationTo } from "./diff.ts";

const url = process.env.VIGIL_OWNER_DATABASE_URL;
if (!url) {
  console.error("Set VIGIL_OWNER_DATABASE_URL to a database with every migration applied.");
  process.exit(1);
}
console.log(
  (await migrationTo(join(import.meta.dirname, "schema.prisma"), { url })) || "-- schema.prisma and the database agree",
);
