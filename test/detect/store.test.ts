import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { checkRules } from "../../src/commands/rules.ts";
import type { Tx } from "../../src/db.ts";
import { type BuiltinRule, builtinRules } from "../../src/detect/builtin.ts";
import { compileRules } from "../../src/detect/compile.ts";
import { createRule, updateRule } from "../../src/detect/store/change.ts";
import { createException } from "../../src/detect/store/exceptions.ts";
import { exportRules } from "../../src/detect/store/export.ts";
import { setPlaceholder } from "../../src/detect/store/placeholders.ts";
import type { SettingsPatch } from "../../src/detect/store/settings.ts";
import { type ImportRequest, importRules, loadRules, seedBuiltinRules } from "../../src/detect/store.ts";
import { type TestDatabase, testDatabase } from "../support/database.ts";
import { event, failedLogin, failLogin, threeFailures } from "./rules.ts";

let test: TestDatabase;
beforeAll(async () => {
  test = await testDatabase();
});
afterAll(() => test.close());

const [ours, theirs] = [0, 1].map((n) => () => test.organizations[n]?.id as string) as [() => string, () => string];
const inside = <T>(organization: string, work: (tx: Tx) => Promise<T>): Promise<T> =>
  test.db.inOrganization(organization, work);
const bring = (yaml: ImportRequest["yaml"], organization = ours(), more: Partial<ImportRequest> = {}) =>
  inside(organization, (tx) =>
    importRules(tx, { yaml, mode: "ACTIVE", dryRun: false, actor: "ann", now: Date.now(), ...more }),
  );
const several = (...documents: string[]): string => documents.map((text) => text.trim()).join("\n---\n");
const filter =
  "title: Not the robot\nlogsource: { category: authentication }\nfilter:\n  rules: [failed_login]\n  sel: { user.name: robot }\n  condition: not sel\n";
const plain = (name: string): string =>
  `title: Plain ${name}\nlogsource: { product: clinic }\ndetection:\n  sel: { attributes.code: ${name} }\n  condition: sel\n`;

/** The rules as they find: which of these events each detects. */
async function meaning(organization: string): Promise<unknown> {
  const { rules, placeholders } = await inside(organization, loadRules);
  const { ruleSet, errors } = compileRules(rules, { placeholders });
  const at = (Date.now() - Date.UTC(2026, 10, 24)) / 1_000 + 60; // after the exceptions were made
  const events = [
    ...["ann", "robot"].flatMap((user) => [failLogin(user, { at }), event({ at, actor: { name: user } })]),
    event({ at, logsource: { product: "clinic" }, attributes: { code: "one" } }),
  ];
  const found = events.map((one) =>
    ruleSet
      .candidates(one)
      .filter((rule) => rule.matches(one))
      .map(({ document, counters }) => [document.title, counters.length])
      .sort(),
  );
  return { found, errors: errors.map(({ message }) => message), firing: ruleSet.firing.size };
}

describe("an import", () => {
  it("takes rules, correlations of them and filters on them in any order, and each document on its own merits", async () => {
    const yaml = several(filter, threeFailures, "title: No body", failedLogin, failedLogin);
    const dry = await bring(yaml, ours(), { dryRun: true });
    expect(dry).toMatchObject({ imported: 3, ruleIds: [] });
    const { imported, rejected, waiting, ruleIds } = await bring(yaml);
    expect([imported, waiting, ruleIds.length]).toEqual([3, [], 2]);
    expect(rejected).toMatchObject([
      { document: 2, code: "INVALID" },
      { document: 4, code: "DUPLICATE", message: expect.stringMatching(/stands at line \d+ already/) },
    ]);
    const { rules } = await inside(ours(), loadRules);
    expect(rules.find(({ reference }) => reference === "failed_login")?.exceptions).toHaveLength(1);
    await bring(yaml);
    const again = await inside(ours(), loadRules);
    expect(again.rules.map(({ revision, exceptions }) => [revision, exceptions?.length ?? 0])).toEqual(
      rules.map(({ revision, exceptions }) => [revision, exceptions?.length ?? 0]),
    );
  });

  it("puts a filter on any rule on every rule of its logsource, and refuses one that hides all but what it names", async () => {
    const here = theirs();
    const misspelt = filter.replace("rules: [failed_login]", "rules: any").replace("user.name", "user.nam");
    const any = filter.replace("rules: [failed_login]", "rules: any");
    const { rejected } = await bring(
      several(failedLogin, plain("other"), any.replace("not sel", "sel"), misspelt),
      here,
    );
    expect(rejected).toMatchObject([
      { document: 2, message: expect.stringContaining("a filter on any rule must say what goes") },
      { document: 3, message: expect.stringContaining("did you mean `user.name`") },
    ]);
    expect(await bring(any, here)).toMatchObject({ imported: 1, rejected: [] });
    const { rules } = await inside(here, loadRules);
    const excepted = rules.filter(({ exceptions = [] }) => exceptions.length > 0).map(({ reference }) => reference);
    expect(excepted).toEqual(["failed_login"]);
  });

  it("puts a filter on the rule that is called so, and no other of the same title", async () => {
    const here = theirs();
    const twin = plain("twin");
    const copies = ["first", "second"].map((name) => `${twin}name: copy_${name}\n`);
    const [before = "", after = ""] = copies;
    const on = filter.replace("failed_login", "Plain twin");
    const any =
      "title: For any\nlogsource: { product: clinic }\nfilter:\n  rules: any\n  s: { user.name: a }\n  condition: not s\n";
    const own = on.replace("{ category: authentication }", "{ product: clinic }");
    expect((await bring(several(before, twin, after, own, any), here)).rejected).toEqual([]);
    const { rules } = await inside(here, loadRules);
    const twins = rules.filter(({ name }) => name === "Plain twin");
    const many = twins.map(({ reference, exceptions = [] }) => [reference, exceptions.length]);
    expect(Object.fromEntries(many)).toEqual({ "Plain twin": 2, copy_first: 1, copy_second: 1 });
  });

  it("of a rule that was given a name, and later has none, is a new text of it; two names of one id are two rules", async () => {
    const id = "3f0f8a52-52c8-4a43-9b0e-6d2a4f4e9a01";
    const text = `id: ${id}\n${plain("of an id")}`;
    const counting = `title: Counts by id\ncorrelation:\n  type: event_count\n  rules: [${id}]\n  timespan: 1m\n  condition: { gte: 2 }\n`;
    const found = async () => {
      const { rules } = await inside(theirs(), loadRules);
      return rules.filter(({ sigmaId }) => sigmaId === id).map(({ reference, revision }) => [reference, revision]);
    };
    const [first] = (await bring(several(text, counting), theirs())).ruleIds;
    const named = await bring(`name: named\n${text}`, theirs());
    expect(named.ruleIds).toEqual([first]);
    expect(await found()).toEqual([["named", 2]]);
    expect((await bring(text, theirs())).ruleIds).toEqual([first]);
    expect(await found()).toEqual([[id, 3]]);
    const { rules, placeholders } = await inside(theirs(), loadRules);
    expect(compileRules(rules, { placeholders }).errors).toEqual([]);
    const both = await bring(several(`name: one\n${text}`, `name: other\n${text}`), theirs());
    expect(both.ruleIds).toHaveLength(2);
    expect((await found()).sort()).toEqual([
      ["one", 4],
      ["other", 1],
    ]);
  });

  it("of a rule that had a title only, and was given an id, is a new text of it", async () => {
    const id = "3f0f8a52-52c8-4a43-9b0e-6d2a4f4e9a21";
    const [first] = (await bring(plain("of a title"), theirs())).ruleIds;
    const { ruleIds } = await bring(`id: ${id}\n${plain("of a title")}`, theirs());
    expect(ruleIds).toEqual([first]);
    const { rules } = await inside(theirs(), loadRules);
    expect(rules.filter(({ name }) => name === "Plain of a title")).toMatchObject([{ reference: id, revision: 2 }]);
    expect((await bring(`id: ${id.replace("21", "22")}\n${plain("of a title")}`, theirs())).ruleIds).not.toEqual([
      first,
    ]);
  });

  it("of a name that another rule has given up makes a rule of its own, also of both forms at once", async () => {
    const [one, other] = ["5b1f8a52-52c8-4a43-9b0e-6d2a4f4e9a11", "5b1f8a52-52c8-4a43-9b0e-6d2a4f4e9a12"];
    const text = (id: string, name?: string) => `${name ? `name: ${name}\n` : ""}id: ${id}\n${plain(`given ${id}`)}`;
    const found = async () => {
      const { rules } = await inside(theirs(), loadRules);
      return rules.filter(({ sigmaId }) => sigmaId === one || sigmaId === other).map(({ reference }) => reference);
    };
    await bring(text(one, "handed_on"), theirs());
    await bring(text(one), theirs());
    expect((await bring(text(other, "handed_on"), theirs())).rejected).toEqual([]);
    expect((await found()).sort()).toEqual([one, "handed_on"]);
    await bring(text(one, "named_again"), theirs());
    const both = await bring(several(text(one, "named_again"), text(one)), theirs());
    expect(both.ruleIds).toHaveLength(2);
    expect((await found()).sort()).toEqual([one, "handed_on", "named_again"]);
  });

  it("of a rule that comes with Vigil, without its name, leaves Vigil's own alone, and later starts find it", async () => {
    const [shipped] = builtinRules().filter(({ document }) => document.kind === "DETECTION" && document.name);
    const { document, yaml } = shipped as BuiltinRule;
    const organization = ours();
    await inside(organization, (tx) => seedBuiltinRules(tx, Date.now()));
    const nameless = yaml.replace(`name: ${document.name}\n`, "");
    expect(await bring(nameless, organization)).toMatchObject({ imported: 1, rejected: [] });
    const changed = builtinRules().map((rule) => (rule === shipped ? rule : { ...rule }));
    await inside(organization, (tx) => seedBuiltinRules(tx, Date.now(), changed));
    const { rules } = await inside(organization, loadRules);
    const own = rules
      .filter(({ sigmaId }) => sigmaId === document.sigmaId)
      .map(({ reference, builtin }) => [reference, builtin]);
    expect(own.sort()).toEqual(
      [
        [document.sigmaId, false],
        [document.name, true],
      ].sort(),
    );
  });

  it("of a filter whose exception has ended makes it anew, and whoever makes one may take such a name", async () => {
    const now = Date.now();
    const named = failedLogin.replace("failed_login", "failed_for_a_while");
    const text = filter.replace("failed_login", "failed_for_a_while");
    const [ruleId = ""] = (await bring(named, theirs())).ruleIds;
    const ends = (at: number) => `${text}vigil: { expires: "${new Date(at).toISOString()}" }\n`;
    await bring(ends(now + 1_000), theirs(), { now });
    await bring(text, theirs(), { now: now + 2_000 });
    const spans = async () => {
      const { rules } = await inside(theirs(), loadRules);
      const { exceptions = [] } = rules.find(({ id }) => id === ruleId) ?? {};
      return exceptions.map(({ from, until }) => [from - now, until === undefined ? undefined : until - now]);
    };
    const twice = [
      [0, 1_000],
      [2_000, undefined],
    ];
    expect(await spans()).toEqual(twice);
    await bring(text, theirs(), { now: now + 3_000 });
    expect(await spans()).toEqual(twice);
    await bring(ends(now + 5_000), theirs(), { now: now + 4_000 });
    const yaml = text.replace(/ {2}rules.*\n/, "");
    const make = (at: number) => ({
      ruleId,
      name: "Not the robot",
      yaml,
      reason: "again",
      owner: "ann",
      now: now + at,
    });
    await expect(inside(theirs(), (tx) => createException(tx, make(4_500)))).rejects.toThrow("already");
    await inside(theirs(), (tx) => createException(tx, make(6_000)));
    expect(await spans()).toEqual([
      [0, 1_000],
      [2_000, 4_000],
      [4_000, 5_000],
      [6_000, undefined],
    ]);
  });

  it("says which field is misspelt, and which rule a filter does not find", async () => {
    const misspelt = failedLogin.replace("event.outcome", "event.outcom").replace("failed_login", "misspelt");
    const { rejected } = await bring(several(misspelt, filter.replace("failed_login", "nobody")));
    expect(rejected).toMatchObject([
      { document: 0, line: 5, message: expect.stringContaining("did you mean `event.outcome`") },
      { document: 1, message: "filter.rules: there is no rule with the id or name `nobody`" },
    ]);
  });

  it("says which field of a correlation is misspelt: where it groups, counts or has aliases", async () => {
    const wrong = (title: string, from: string, to: string, more = "") =>
      `${threeFailures
        .replace(/title: .*/, `title: ${title}`)
        .replace(from, to)
        .trimEnd()}\n${more}`;
    const aliased = "  aliases:\n    who:\n      failed_login: user.nmae\n";
    const valued = wrong("V", "event_count", "value_count").replace("{ gte: 3 }", "{ field: source.pi, gte: 3 }");
    const group = wrong("G", "[user.name]", "[source.ip, user.nmae]");
    const own = wrong("O", "failed_login", "plain_own").replace("[user.name]", "[user.nmae]");
    const ownRule = plain("own").replace("title", "name: plain_own\ntitle");
    const { rejected } = await bring(
      several(failedLogin, group, wrong("A", "[user.name]", "[who]", aliased), valued, ownRule, own),
    );
    const line = (...[documents, part]: [string[], string]) =>
      several(...documents)
        .split("\n")
        .findLastIndex((text) => text.includes(part)) + 1;
    expect(rejected).toMatchObject([
      {
        document: 1,
        line: line([failedLogin, group], "group-by"),
        message: expect.stringMatching(/^correlation\.group-by\.1: .*did you mean `user\.name`/),
      },
      {
        document: 2,
        message: expect.stringMatching(/^correlation\.aliases\.who\.failed_login: .*did you mean `user\.name`/),
      },
      { document: 3, message: expect.stringMatching(/^correlation\.condition\.field: .*did you mean `source\.ip`/) },
    ]);
    const settings = { mode: "ACTIVE" as const };
    const create = (yaml: string) =>
      inside(ours(), (tx) => createRule(tx, { yaml, settings, actor: "ann", now: Date.now() }));
    await expect(create(group)).rejects.toThrow(/^line \d+, correlation\.group-by\.1: .*did you mean `user\.name`/);
    await test.asOwner("UPDATE alert_rules SET yaml = $2 WHERE organization_id = $1 AND id = $3", [
      ...[ours(), group, (await create(wrong("G", "[user.name]", "[source.ip]"))).id],
    ]);
    expect(await bring(group)).toMatchObject({ imported: 1, rejected: [] }); // stored before such fields were told
  });

  it("keeps a correlation of rules that are not there yet; it runs once they are", async () => {
    const later = threeFailures.replace("title: Many", "title: Later").replace("failed_login", "later_rule");
    const { imported, rejected, waiting } = await bring(later);
    expect([imported, rejected]).toEqual([1, []]);
    expect(waiting).toMatchObject([{ code: "WAITING", message: expect.stringContaining("`later_rule`") }]);
    await bring(failedLogin.replace("title: Failed log-in", "title: L").replace("failed_login", "later_rule"));
    const { rules, placeholders } = await inside(ours(), loadRules);
    expect(compileRules(rules, { placeholders }).errors).toEqual([]);
  });

  it("of two hundred rules takes as many statements as one of two, and loading them takes two", async () => {
    const counted = async (work: (tx: Tx) => Promise<unknown>): Promise<number> =>
      inside(theirs(), async (tx) => {
        let statements = 0;
        const query: Tx["query"] = (...given) => {
          statements++;
          return tx.query(...given);
        };
        await work({ ...tx, query });
        return statements;
      });
    const importing = (from: number, many: number) =>
      counted((tx) => {
        const yaml = several(...Array.from({ length: many }, (_, n) => plain(`bulk${from + n}`)));
        return importRules(tx, { yaml, mode: "ACTIVE", dryRun: false, actor: "ann", now: Date.now() });
      });
    const few = await importing(0, 2);
    expect(await importing(1_000, 200)).toBe(few);
    expect(await counted(loadRules)).toBe(2);
  });

  it("of what was exported means what it meant, and each document is as it was written", async () => {
    const written = `# why we look\n${plain("one").replace("product: clinic", 'product:   "clinic"')}`;
    const listed = plain("listed").replace("sel: { attributes.code: listed }", "sel: { user.name|expand: '%staff%' }");
    const [here, there] = [ours(), theirs()];
    for (const organization of [here, there]) {
      const { rules } = await inside(organization, loadRules);
      await test.asOwner("DELETE FROM alert_rules WHERE organization_id = $1 AND id = ANY($2)", [
        ...[organization, rules.map(({ id }) => id)],
      ]);
      const staff = { name: "staff", values: ["ann"], actor: "ann", now: Date.now() };
      await inside(organization, (tx) => setPlaceholder(tx, staff));
    }
    expect((await bring(several(failedLogin, threeFailures, filter, written, listed), here)).rejected).toEqual([]);
    const files = await inside(here, (tx) => exportRules(tx, Date.now() + 1_000));
    expect(files.map(({ yaml }) => yaml)).toContain(`${written.trim()}\nvigil:\n  mode: ACTIVE\n`);
    expect(files.map(({ file }) => file)).toContain("filter-not-the-robot.yml");
    expect((await bring(files, there)).rejected).toEqual([]);
    expect(await meaning(there)).toEqual(await meaning(here));
    expect(await meaning(there)).toMatchObject({ errors: [], firing: 3 });
    const again = await inside(there, (tx) => exportRules(tx, Date.now() + 1_000));
    expect(again).toEqual(files);
  });
});

/** All that an organization has of its rules and exceptions, but for ids and times. */
async function stored(organization: string): Promise<unknown> {
  const rows = async (text: string): Promise<unknown[]> =>
    (await inside(organization, (tx) => tx.query(text, [organization]))).rows;
  return {
    rules: await rows(
      `SELECT name, reference, kind, mode, severity, tags, yaml, reference_links, techniques, tactics, throttle_ms, overrides
       FROM alert_rules WHERE organization_id = $1 AND deleted_at IS NULL ORDER BY reference`,
    ),
    exceptions: await rows(
      `SELECT r.reference, e.name, e.owner, e.reason, e.expires_at FROM alert_rule_exceptions e JOIN alert_rules r
         ON r.organization_id = e.organization_id AND r.id = e.rule_id
       WHERE e.organization_id = $1 AND e.deleted_at IS NULL ORDER BY r.reference, e.name`,
    ),
  };
}

describe("an export", () => {
  it("of rules and exceptions, however they are set, is the same rules and exceptions in another organization", async () => {
    const [here, there] = [ours(), theirs()];
    const braces =
      "{ title: In braces, logsource: { product: c }, detection: { s: { attributes.a: 1 }, condition: s } }";
    for (const organization of [here, there]) {
      await test.asOwner("DELETE FROM alert_rules WHERE organization_id = $1", [organization]);
    }
    expect((await bring(several(failedLogin, threeFailures, plain("own"), braces), here)).rejected).toEqual([]);
    const { rules } = await inside(here, loadRules);
    const called = (name: string) => rules.find((rule) => rule.name === name)?.id ?? expect.fail(`no rule ${name}`);
    const patches: [string, SettingsPatch][] = [
      [called("Plain own"), { mode: "DISABLED", throttleMs: 1_500, tags: [], references: ["https://x.test/?a=b&c"] }],
      [called("In braces"), { mode: "MONITOR", severity: "CRITICAL", tags: ["it's: odd", "# none", "null"] }],
      [rules.find(({ kind }) => kind === "CORRELATION")?.id ?? "", { throttleMs: 604_800_000, severity: "INFO" }],
    ];
    for (const [id, patch] of patches)
      await inside(here, (tx) => updateRule(tx, { id, patch, actor: "ann", now: Date.now() }));
    const yaml = "logsource: {}\nfilter: { sel: { attributes.a: 1 }, condition: not sel }";
    for (const [name, more] of [
      ["for good", { owner: "a: b", reason: "two\nlines, and # no comment" }],
      ["for a while", { owner: "ann@example.org", reason: " true ", expiresAt: Date.now() + 86_400_123 }],
    ] as const) {
      const input = { ruleId: called("Plain own"), name, yaml, ...more, now: Date.now() };
      await inside(here, (tx) => createException(tx, input));
    }
    const files = await inside(here, (tx) => exportRules(tx, Date.now() + 1_000));
    for (const imported of [1, 2])
      expect(await bring(files, there, { mode: "MONITOR" }), `${imported}.`).toMatchObject({
        rejected: [],
        waiting: [],
      });
    expect(await stored(there)).toEqual(await stored(here));
    expect(await inside(there, (tx) => exportRules(tx, Date.now() + 1_000))).toEqual(files);
  });

  it("of a filter on any rule names the rule that has it, however that is written, and is taken in again", async () => {
    const [here, there] = [ours(), theirs()];
    for (const organization of [here, there])
      await test.asOwner("DELETE FROM alert_rules WHERE organization_id = $1", [organization]);
    const one = (title: string, rules: string) =>
      filter.replace("Not the robot", title).replace("rules: [failed_login]", rules);
    const braces = `{ title: In braces, logsource: {}, filter: { "rules": any, s: { user.name: bob }, condition: not s } }`;
    const filters = [one("Any", "rules: any"), one("Empty", "rules: []"), one("Lines", "rules:\n    []"), braces];
    expect((await bring(several(failedLogin, plain("other"), ...filters), here)).rejected).toEqual([]);
    const ruleId = (await inside(here, loadRules)).rules[0]?.id as string;
    const own = {
      name: "own",
      reason: "ours",
      owner: "ann",
      yaml: "filter: # of ours\n  s: { user.name: eve }\n  condition: not s",
    };
    await inside(here, (tx) => createException(tx, { ...own, ruleId, now: Date.now() }));
    await bring(plain("another"), here); // which the filters are not for
    const files = await inside(here, (tx) => exportRules(tx, Date.now() + 1_000));
    expect(await bring(files, there)).toMatchObject({ rejected: [], waiting: [] });
    expect(await stored(there)).toEqual(await stored(here));
    expect(files.map(({ yaml }) => yaml).join("\n")).toContain("# of ours");
  });

  it("with settings that cannot be is refused, each with its line and path; one that ended is, too", async () => {
    const bad = `${plain("bad")}vigil:\n  mode: LOUD\n  throttle: 8d\n  tags: [""]\n  owner: ann\n`;
    const ended = `${filter.replace("failed_login", "failed_login_now")}vigil:\n  expires: 2020-01-01T00:00:00Z\n`;
    const asked = failedLogin.replace("failed_login", "failed_login_now");
    const { rejected } = await bring(several(bad, asked, ended, `${filter}vigil: { expires: soon, owner: " " }`));
    expect(rejected.map(({ document, line, message }) => [document, line, message.split(":")[0]])).toEqual([
      [0, 7, "vigil.mode"],
      [0, 8, "vigil.throttle"],
      [0, 9, "vigil.tags"],
      [0, 10, "vigil.owner"],
      [2, expect.any(Number), "vigil.expires"],
      [3, expect.any(Number), "vigil.owner"],
      [3, expect.any(Number), "vigil.expires"],
    ]);
  });

  it("may have its settings anywhere: faults after them keep their line, and the text is stored without them", async () => {
    const text = `title: On top\nvigil:\n  mode: MONITOR\n${plain("x").replace(/^title.*\n/, "")}`;
    expect((await bring(text)).rejected).toEqual([]);
    const { rules } = await inside(ours(), loadRules);
    expect(rules.find(({ name }) => name === "On top")).toMatchObject({
      mode: "MONITOR",
      yaml: expect.not.stringContaining("vigil"),
    });
    const misspelt = `vigil:\n  mode: MONITOR\n${failedLogin.replace("event.outcome", "event.outcom").replace("failed_login", "m2")}`;
    const { rejected } = await bring(misspelt);
    expect(rejected).toMatchObject([{ line: misspelt.split("\n").findIndex((line) => line.includes("outcom:")) + 1 }]);
  });
});

describe("vigil rules check", () => {
  it("reads folders, tells every fault by file and line, and knows the rules that come with Vigil", async () => {
    const folder = await mkdtemp(join(tmpdir(), "vigil-rules-"));
    const check = async (files: Record<string, string>): Promise<[boolean, string[]]> => {
      for (const [file, yaml] of Object.entries(files)) await writeFile(join(folder, file), yaml);
      const told: string[] = [];
      return [
        await checkRules([folder], Date.now(), (line) => told.push(line)),
        told.map((line) => line.replace(folder, "")),
      ];
    };
    try {
      const own = {
        "a.yml": filter.replace("failed_login", "own"),
        "b.yaml": failedLogin.replace("failed_login", "own"),
      };
      expect(await check(own)).toEqual([true, ["2 rule(s) in 2 file(s): no faults"]]);
      const [good, told] = await check({ "c.yml": plain("c").replace("condition: sel", "condition: other") });
      expect(good).toBe(false);
      expect(told).toEqual([expect.stringMatching(/^\/c\.yml:5: INVALID detection\.condition: .*`other`/)]);
      const lonely = { "c.yml": threeFailures.replace("failed_login", "nobody") };
      expect(await check(lonely)).toEqual([false, [expect.stringMatching(/^\/c\.yml:1: WAITING .*`nobody`/)]]);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

describe("an organization with as many rules as there may be", () => {
  it("is told so, keeps what it has, and still gets what comes with Vigil", async () => {
    const done = new Error("all of it is taken back");
    const work = inside(theirs(), async (tx) => {
      const request = { mode: "ACTIVE", dryRun: false, actor: "ann", now: Date.now() } as const;
      await importRules(tx, { ...request, yaml: plain("full") });
      await tx.query(
        "UPDATE alert_rules SET yaml = yaml || repeat('#', 20000000) WHERE organization_id = $1 AND name = 'Plain full'",
        [tx.organizationId],
      );
      const { imported, rejected } = await importRules(tx, { ...request, yaml: plain("more") });
      expect([imported, rejected.map(({ code, line }) => [code, line])]).toEqual([0, [["UNSUPPORTED", 1]]]);
      expect(rejected[0]?.message).toContain("20000000 characters together");
      const made = createRule(tx, { yaml: plain("more"), settings: { mode: "ACTIVE" }, actor: "ann", now: 1 });
      await expect(made).rejects.toThrow("20000000 characters together");
      const shipped = builtinRules().slice(0, 3);
      expect((await seedBuiltinRules(tx, 2, shipped)).left).toEqual([]);
      throw done;
    });
    await expect(work).rejects.toBe(done);
  });
});
