import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { parse, validate } from "graphql";
import { describe, expect, it } from "vitest";
import { checkRules } from "../../src/commands/rules.ts";
import { ecsFields, mappingOf, ownFields } from "../../src/detect/sigma/field-tables.ts";
import { fieldsPage } from "../../src/detect/sigma/fields-page.ts";
import { configVariables } from "../../src/schema/configuration-page.ts";
import { referencePages } from "../../src/schema/reference-pages.ts";
import { schema } from "../../src/schema/schema.ts";

const root = join(import.meta.dirname, "../..");
const folder = join(root, "docs");
const pages = readdirSync(folder)
  .filter((name) => name.endsWith(".md"))
  .map((name) => ({ name, text: readFileSync(join(folder, name), "utf8") }));
const written = pages.filter(({ name }) => !["rules.md", "permissions.md"].includes(name));

const blocks = (language: string) =>
  written.flatMap(({ name, text }) =>
    [...text.matchAll(new RegExp(`^ *\`\`\`${language}\\n(.*?)^ *\`\`\`$`, "gms"))].map(
      (match) => [name, match[1] as string] as const,
    ),
  );
const source = ["src/cli.ts", ...readdirSync(join(root, "src/commands")).map((name) => `src/commands/${name}`)]
  .map((path) => readFileSync(join(root, path), "utf8"))
  .join("\n");
const commands = new Set([...source.matchAll(/\.command\("(\S+?)["\s]/g)].map((match) => match[1]));
const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { scripts: Record<string, string> };

describe("the documentation", () => {
  it.each(blocks("graphql"))("%s shows operations that fit the schema: %s", (_page, text) => {
    expect(validate(schema, parse(text))).toEqual([]);
  });

  it.each(blocks("yaml rule"))("%s shows rules that are accepted: %s", async (_page, text) => {
    const directory = await mkdtemp(join(tmpdir(), "vigil-docs-"));
    const file = join(directory, "rule.yml");
    await writeFile(file, text);
    const told: string[] = [];
    const isGood = await checkRules([file], Date.now(), ((line: string) => told.push(line)) as never);
    await rm(directory, { recursive: true });
    expect([isGood, isGood ? [] : told]).toEqual([true, []]);
  });

  it.each(blocks("json"))("%s shows JSON: %s", (_page, text) => expect(() => JSON.parse(text)).not.toThrow());

  it("names commands and scripts that there are", () => {
    const named = written.flatMap(({ text }) =>
      [...text.matchAll(/npx vigil (\S+)( [a-z]+)?/g)].map((match) => match[1] as string),
    );
    expect(named.length).toBeGreaterThan(10);
    expect(named.filter((name) => !commands.has(name.replace(/`.*$/, "")))).toEqual([]);
    const run = written.flatMap(({ text }) =>
      [...text.matchAll(/npm run ([a-z:-]+)/g)].map((match) => match[1] as string),
    );
    expect(run.filter((name) => !(name in scripts))).toEqual([]);
  });

  it("names variables that there are, and every one of them in the reference", () => {
    const known = new Set(configVariables.map(({ name }) => name));
    const named = written.flatMap(({ text }) =>
      [...text.matchAll(/\b(VIGIL_[A-Z_]+[A-Z]|[A-Z]+_URL)\b/g)].map((match) => match[1] as string),
    );
    const own = ["VIGIL_KEY", "VIGIL_TOKEN", "VIGIL_URL", "VIGIL_BIND"]; // of the examples, and of compose.yaml
    expect(named.filter((name) => !known.has(name) && !own.includes(name))).toEqual([]);
    const reference = pages.find(({ name }) => name === "configuration.md")?.text ?? "";
    for (const name of known) expect(reference).toContain(`\n## ${name}\n`);
  });

  it("has links that lead somewhere, and an index of every page", () => {
    const broken = pages.flatMap(({ name, text }) =>
      [...text.matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)]
        .filter((match) => !existsSync(join(dirname(join(folder, name)), match[1] as string)))
        .map((match) => `${name}: ${match[1]}`),
    );
    expect(broken).toEqual([]);
    const index = pages.find(({ name }) => name === "README.md")?.text ?? "";
    expect(
      pages.filter(({ name }) => name !== "README.md" && !index.includes(`(${name})`)).map(({ name }) => name),
    ).toEqual([]);
  });

  it("says of every field that a rule may ask for where it comes from", () => {
    const page = fieldsPage();
    for (const name of [...ecsFields.keys(), ...ownFields.keys(), ...(mappingOf({ category: "proxy" })?.keys() ?? [])])
      expect(page).toContain(`\`${name}\``);
    expect(page).not.toMatch(/undefined|\[object/);
  });

  it("has a reference of the API in which every root field stands, and every link leads to what it names", () => {
    const reference = Object.entries(referencePages(schema));
    const headings = new Map(
      reference.map(([path, text]) => [
        path.replace("docs/schema/", ""),
        new Set([...text.matchAll(/^## (\w+)$/gm)].map((match) => (match[1] as string).toLowerCase())),
      ]),
    );
    for (const [page, type] of [
      ["queries.md", schema.getQueryType()],
      ["mutations.md", schema.getMutationType()],
      ["subscriptions.md", schema.getSubscriptionType()],
    ] as const) {
      expect([...(headings.get(page) ?? [])].sort()).toEqual(
        Object.keys(type?.getFields() ?? {})
          .map((name) => name.toLowerCase())
          .sort(),
      );
    }
    const links = reference.flatMap(([path, text]) =>
      [...text.matchAll(/\]\((\w*(?:\.md)?)#(\w+)\)/g)].map(([, page, anchor]) => [
        page === "" ? path.replace("docs/schema/", "") : (page as string),
        anchor as string,
      ]),
    );
    expect(links.length).toBeGreaterThan(1_000);
    expect(links.filter(([page = "", anchor = ""]) => !headings.get(page)?.has(anchor))).toEqual([]);
  });
});
