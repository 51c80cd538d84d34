/** Writes schema.graphql from the code; with --check only says whether it is up to date. */
import { readFileSync, writeFileSync } from "node:fs";
import { lexicographicSortSchema, printSchema } from "graphql";
import { schema } from "./schema.ts";

const file = new URL("../../schema.graphql", import.meta.url);
const printed = `${printSchema(lexicographicSortSchema(schema))}\n`;

if (!process.argv.includes("--check")) writeFileSync(file, printed);
else if (readFileSync(file, "utf8") !== printed) {
  console.error("schema.graphql is not what the code says: run `npm run codegen` and commit the result.");
  process.exitCode = 1;
}
