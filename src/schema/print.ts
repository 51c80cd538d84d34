/**
 * Writes schema.graphql and the pages of docs/ that are made from the code (schema/, permissions.md, rule-fields.md,
 * configuration.md); with --check only says whether they are up to date, and whether the API has changed since the last
 * release in a way that breaks programs. With --release it makes the API as it is the one that was released last: part of
 * making a release.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { lexicographicSortSchema, parse, print, printSchema, visit } from "graphql";
import { permissionsPage } from "../access/permissions-page.ts";
import { fieldsPage } from "../detect/sigma/fields-page.ts";
import { unsaidBreaks } from "./breaking.ts";
import { configurationPage, configVariables } from "./configuration-page.ts";
import { referencePages } from "./reference-pages.ts";
import { schema } from "./schema.ts";

const root = new URL("../../", import.meta.url);
const printed: Record<string, string> = {
  "schema.graphql": `${printSchema(lexicographicSortSchema(schema))}\n`,
  "docs/permissions.md": permissionsPage(),
  "docs/rule-fields.md": fieldsPage(),
  "docs/configuration.md": configurationPage(configVariables, readFileSync(new URL(".env.example", root), "utf8")),
  ...referencePages(schema),
};

const released = new URL("src/schema/released.graphql", root);
if (process.argv.includes("--release")) writeFileSync(released, withoutWords(printed["schema.graphql"] as string));
if (process.argv.includes("--check")) {
  const changelog = readFileSync(new URL("CHANGELOG.md", root), "utf8");
  for (const change of unsaidBreaks(readFileSync(released, "utf8"), schema, changelog)) {
    console.error(
      `${change} Programs written for the last release break by it: keep it, deprecated, or say so in CHANGELOG.md.`,
    );
    process.exitCode = 1;
  }
}

function withoutWords(sdl: string): string {
  return `${print(visit(parse(sdl), { enter: (node) => ("description" in node ? { ...node, description: undefined } : undefined) }))}\n`;
}

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
