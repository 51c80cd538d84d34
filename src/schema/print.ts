/** Writes schema.graphql, docs/permissions.md and docs/configuration.md from the code; with --check only says whether they are up to date. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { lexicographicSortSchema, printSchema } from "graphql";
import { permissionsPage } from "../access/permissions-page.ts";
import { configVariables } from "../config.ts";
import { configurationPage } from "./configuration-page.ts";
import { schema } from "./schema.ts";

const root = new URL("../../", import.meta.url);
const printed: Record<string, string> = {
  "schema.graphql": `${printSchema(lexicographicSortSchema(schema))}\n`,
  "docs/permissions.md": permissionsPage(),
  "docs/configuration.md": configurationPage(configVariables, readFileSync(new URL(".env.example", root), "utf8")),
};

for (const [name, text] of Object.entries(printed)) {
  const file = new URL(name, root);
  if (!process.argv.includes("--check")) {
    mkdirSync(new URL(".", file), { recursive: true });
    writeFileSync(file, text);
  } else if (readFileSync(file, "utf8") !== text) {
    console.error(`${name} is not what the code says: run \`npm run schema\` and commit the result.`);
    process.exitCode = 1;
  }
}
