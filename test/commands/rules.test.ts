import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { checkRules, exportSigma, importSigma } from "../../src/commands/rules.ts";
import { loadRules } from "../../src/detect/store.ts";
import { type TestServer, testServer } from "../support/server.ts";

let server: TestServer;
let folder: string;
beforeAll(async () => {
  server = await testServer({});
  folder = await mkdtemp(join(tmpdir(), "vigil-rules-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
  await server.close();
});

const rule = `title: Shared accounts
logsource: { category: authentication }
detection:
  sel:
    user.name|expand: '%shared%'
  condition: sel
`;
const lists = "name: Ours\nvars:\n  shared: [front-desk, 'yes', 12]\n";
const told: string[] = [];
const tell = (line: string) => told.push(line);
const slug = async (id: string): Promise<string> => {
  const { rows } = await server.app.db.query<{ slug: string }>(id, "SELECT slug FROM organizations WHERE id = $1", [
    id,
  ]);
  return rows[0]?.slug ?? "";
};
const listsOf = async (id: string) => (await server.app.db.inOrganization(id, loadRules)).placeholders;

describe("lists that rules name", () => {
  it("are checked and imported with the rules, and an export of both gives another organization the same", async () => {
    const [from, to] = [join(folder, "from"), join(folder, "to")];
    await mkdir(from);
    await writeFile(join(from, "rule.yml"), rule);
    expect(await checkRules([from], Date.now(), tell)).toBe(false);
    await writeFile(join(from, "lists.yml"), lists);
    expect(await checkRules([from], Date.now(), tell)).toBe(true);

    const given = { paths: [from], organization: await slug(server.ours), mode: "MONITOR" as const };
    expect(await importSigma(server.app, { ...given, dryRun: true }, tell)).toBe(true);
    expect(await listsOf(server.ours)).toEqual(new Map());
    expect(await importSigma(server.app, { ...given, dryRun: false }, tell)).toBe(true);
    expect(await listsOf(server.ours)).toEqual(new Map([["shared", ["front-desk", "yes", "12"]]]));

    await exportSigma(server.app, { organization: given.organization, directory: to }, tell);
    expect(await readFile(join(to, "placeholders.yaml"), "utf8")).toContain('- "yes"');
    const theirs = { paths: [to], organization: await slug(server.theirs), mode: "ACTIVE" as const, dryRun: false };
    expect(await importSigma(server.app, theirs, tell)).toBe(true);
    expect(await listsOf(server.theirs)).toEqual(await listsOf(server.ours));
  });

  it("that are none are refused by file and name, and nothing is taken in", async () => {
    const bad = join(folder, "bad.yml");
    const given = { paths: [bad], organization: await slug(server.ours), mode: "MONITOR" as const, dryRun: false };
    await writeFile(bad, "vars:\n  good: [one]\n  shared: { a: b }\n");
    await expect(importSigma(server.app, given, tell)).rejects.toThrow(/bad\.yml: vars\.shared: .*lists of values/);
    await writeFile(bad, "vars:\n  good: [one]\n  'not good': [two]\n");
    await expect(importSigma(server.app, given, tell)).rejects.toThrow(/bad\.yml: not good: A list's name has/);
    expect([...(await listsOf(server.ours)).keys()]).toEqual(["shared"]);
  });
});
