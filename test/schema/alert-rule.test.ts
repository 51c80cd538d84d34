import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { seedBuiltinRules } from "../../src/detect/store.ts";
import { type TestDatabase, testDatabase } from "../support/database.ts";
import { type Answer, asker } from "./ask.ts";

let test: TestDatabase;
let ask: ReturnType<typeof asker>;

beforeAll(async () => {
  test = await testDatabase();
  ask = asker(test);
});
afterAll(() => test.close());

const rule = (name: string, more = ""): string =>
  `title: Rule ${name}\nname: ${name}\n${more}logsource:\n  category: authentication\ndetection:\n  sel:\n    event.outcome: failure\n  condition: sel\n`;
const counting = (name: string, counted: string): string =>
  `title: Counting ${name}\nname: ${name}\ncorrelation:\n  type: event_count\n  rules: [${counted}]\n  group-by: [user.name]\n  timespan: 5m\n  condition: { gte: 3 }\n`;

const shown =
  "alertRule { id name revision mode severity tags throttle references status author techniques tactics deletedAt } userErrors { code message path }";
const create = async (input: object, as = {}): Promise<Answer> =>
  (
    await ask(
      `mutation ($input: AlertRuleCreateInput!) { alertRuleCreate(input: $input) { ${shown} } }`,
      { input: { mode: "ACTIVE", ...input } },
      as,
    )
  ).data.alertRuleCreate;
const made = async (yaml: string): Promise<string> => (await create({ yaml })).alertRule.id;
const update = async (id: string, input: object): Promise<Answer> =>
  (
    await ask(
      `mutation ($id: ID!, $input: AlertRuleUpdateInput!) { alertRuleUpdate(id: $id, input: $input) { ${shown} } }`,
      { id, input },
    )
  ).data.alertRuleUpdate;
const remove = async (id: string, expectedRevision?: number): Promise<Answer> =>
  (
    await ask(`mutation ($id: ID!, $r: Int) { alertRuleDelete(id: $id, expectedRevision: $r) { ${shown} } }`, {
      id,
      r: expectedRevision,
    })
  ).data.alertRuleDelete;
const restore = async (id: string, revision: number): Promise<Answer> =>
  (
    await ask(`mutation ($id: ID!, $r: Int!) { alertRuleRestore(id: $id, revision: $r) { ${shown} } }`, {
      id,
      r: revision,
    })
  ).data.alertRuleRestore;
const revisions = async (id: string): Promise<Answer> =>
  (
    await ask(
      "query ($id: ID!) { alertRule(id: $id) { revisions(first: 10) { totalCount nodes { revision author change mode yaml diff } } } }",
      { id },
    )
  ).data.alertRule.revisions;
const listed = async (filter: object): Promise<string[]> =>
  (
    await ask("query ($filter: AlertRuleFilter) { alertRules(filter: $filter) { nodes { name } } }", { filter })
  ).data.alertRules.nodes.map(({ name }: { name: string }) => name);
const audited = async (): Promise<string[]> =>
  (
    await test.asOwner<{ action: string }>(
      "SELECT action FROM security_audit_log WHERE organization_id = $1 ORDER BY seq DESC LIMIT 1",
      [test.organizations[0]?.id],
    )
  ).map(({ action }) => action);

describe("a rule", () => {
  it("is made with what its text says, and with what the organization sets instead", async () => {
    const yaml = rule(
      "made",
      "status: deprecated\nauthor: Ann\nlevel: low\ntags: [attack.t1110.001, attack.credential_access, own]\nreferences: [https://a.example]\n",
    );
    const { alertRule, userErrors } = await create({ yaml, throttle: "PT10M", severity: "HIGH" });
    expect(userErrors).toEqual([]);
    expect(alertRule).toMatchObject({ revision: 1, mode: "ACTIVE", severity: "HIGH", throttle: "PT600S" });
    expect(alertRule).toMatchObject({ status: "deprecated", author: "Ann", references: ["https://a.example"] });
    expect(alertRule).toMatchObject({ techniques: ["T1110.001"], tactics: ["credential-access"] });
    expect(await audited()).toEqual(["ALERT_RULE_CREATED"]);
    const reset = await update(alertRule.id, { severity: null, throttle: null, tags: ["attack.t1078"] });
    expect(reset.alertRule).toMatchObject({ severity: "LOW", throttle: null, techniques: ["T1078"], tactics: [] });
    expect(await listed({ technique: { eq: "T1078" }, status: { eq: "deprecated" } })).toEqual(["Rule made"]);
    expect(await listed({ technique: { in: ["T1110.001"] } })).toEqual([]);
  });

  it("is exported with what is set of it, and an import of that makes the same rule", async () => {
    const yaml = rule("exported", "level: low\n");
    const { id } = (await create({ yaml, mode: "MONITOR", throttle: "PT90S", severity: "HIGH", tags: ["a: b"] }))
      .alertRule;
    const query = "query ($id: ID!) { alertRule(id: $id) { exported revision mode throttle severity tags } }";
    const before = (await ask(query, { id })).data.alertRule;
    const block = 'vigil:\n  mode: MONITOR\n  tags:\n    - "a: b"\n  severity: HIGH\n  throttle: 90s\n';
    expect(before.exported).toBe(`${yaml.trim()}\n${block}`);
    await update(id, { mode: "ACTIVE", throttle: null, severity: "INFO", tags: [] });
    const importing =
      "mutation ($yaml: String!) { alertRulesImport(input: { yaml: $yaml, mode: DISABLED }) { imported rejected { message } } }";
    const { alertRulesImport } = (await ask(importing, { yaml: before.exported })).data;
    expect(alertRulesImport).toEqual({ imported: 1, rejected: [] });
    expect((await ask(query, { id })).data.alertRule).toEqual({ ...before, revision: 3 });
  });

  it("is refused with every fault of its text, each with its line and place, and nothing is stored", async () => {
    const yaml =
      "title: Bad\nstatus: good\nlogsource: {}\ndetection:\n  sel:\n    a|sideways: 1\n  condition: sel\nlevel: awful\n";
    const { alertRule, userErrors } = await create({ yaml });
    expect(alertRule).toBeNull();
    const messages = userErrors.map(({ message }: { message: string }) => message).join("\n");
    expect(userErrors).toHaveLength(3);
    expect(messages).toMatch(/line 2, status: /);
    expect(messages).toMatch(/line 6, detection\.sel\.a\|sideways: there is no modifier sideways/);
    expect(messages).toMatch(/line 8, level: /);
    expect((await create({ yaml: `${rule("two")}---\n${rule("three")}` })).userErrors[0].message).toMatch(
      /line 10: a rule is one document/,
    );
    expect((await create({ yaml: counting("lonely", "nobody") })).userErrors[0].message).toContain("`nobody`");
    expect(await listed({ name: { in: ["Bad", "Rule two", "Counting lonely"] } })).toEqual([]);
  });

  it("has one name among all, and a change of an older revision than the current one is refused by naming that", async () => {
    const id = await made(rule("unique"));
    expect((await create({ yaml: rule("unique") })).userErrors).toMatchObject([{ code: "CONFLICT" }]);
    expect((await update(id, { mode: "MONITOR", expectedRevision: 1 })).alertRule).toMatchObject({ revision: 2 });
    const stale = await update(id, { mode: "ACTIVE", expectedRevision: 1 });
    expect(stale.userErrors).toMatchObject([{ code: "CONFLICT", message: expect.stringContaining("revision 2") }]);
    expect((await remove(id, 1)).userErrors).toMatchObject([{ code: "CONFLICT" }]);
  });

  it("keeps every change with its author and what it changed, and goes back to any of them by a new revision", async () => {
    const before = rule("history");
    const id = await made(before);
    await update(id, { yaml: before.replace("failure", "success") });
    await update(id, { mode: "MONITOR" });
    await restore(id, 1);
    const { totalCount, nodes } = await revisions(id);
    expect(totalCount).toBe(4);
    expect(nodes.map(({ revision, change, mode }: Answer) => [revision, change, mode])).toEqual([
      [4, "RESTORED", "ACTIVE"],
      [3, "UPDATED", "MONITOR"],
      [2, "UPDATED", "ACTIVE"],
      [1, "CREATED", "ACTIVE"],
    ]);
    expect(nodes[0]).toMatchObject({ yaml: before, author: "ada@demo.example" });
    expect(nodes[2].diff).toContain("--- rule.yml@1\n+++ rule.yml@2\n");
    expect(nodes[2].diff).toContain("-    event.outcome: failure\n+    event.outcome: success\n");
    expect(nodes[1].diff).toBe("--- settings@2\n+++ settings@3\n@@ -1,1 +1,1 @@\n-mode: ACTIVE\n+mode: MONITOR\n");
    expect(nodes[3].diff).toContain("--- /dev/null\n+++ rule.yml@1\n");
  });

  it("that is removed leaves the lists and gives its name free; its past stays, and it can be brought back", async () => {
    const id = await made(rule("gone"));
    expect((await remove(id)).alertRule.deletedAt).not.toBeNull();
    expect(await listed({ name: { eq: "Rule gone" } })).toEqual([]);
    expect(await listed({ deletedAt: { neq: null } })).toEqual(["Rule gone"]);
    expect(await listed({ and: [{ deletedAt: { neq: null } }] })).toEqual(["Rule gone"]); // wherever it is asked for
    expect(await listed({ not: { deletedAt: { eq: null } } })).toEqual(["Rule gone"]);
    expect((await revisions(id)).nodes[0].change).toBe("DELETED");
    expect((await remove(id)).userErrors).toMatchObject([{ code: "NOT_FOUND" }]);
    expect(await listed({ deletedAt: { neq: null }, tag: { in: null } })).toEqual(["Rule gone"]); // asks for no tag
    const successor = await made(rule("gone"));
    expect(successor).not.toBe(id);
    expect((await restore(id, 1)).userErrors).toMatchObject([{ code: "CONFLICT" }]);
    await remove(successor);
    expect((await restore(id, 1)).alertRule).toMatchObject({ id, revision: 3, deletedAt: null });
    expect(await listed({ name: { eq: "Rule gone" } })).toEqual(["Rule gone"]);
  });

  it("that a correlation counts is neither removed, renamed nor disabled before the correlation, which is named", async () => {
    const id = await made(rule("counted"));
    const correlation = await made(counting("counter", "counted"));
    const told = { code: "CONFLICT", message: expect.stringContaining("`Counting counter`") };
    expect((await remove(id)).userErrors).toMatchObject([told]);
    expect((await update(id, { mode: "DISABLED" })).userErrors).toMatchObject([told]);
    expect((await update(id, { yaml: rule("renamed") })).userErrors).toMatchObject([told]);
    const input = { yaml: rule("counted").replace("failure", "other"), mode: "DISABLED" };
    const imported = await ask(
      "mutation ($input: AlertRulesImportInput!) { alertRulesImport(input: $input) { imported rejected { line message } } }",
      { input },
    );
    expect(imported.errors).toBeUndefined();
    expect(imported.data.alertRulesImport.rejected).toMatchObject([{ line: 1, message: told.message }]);
    await update(correlation, { mode: "DISABLED" });
    expect((await update(id, { mode: "DISABLED" })).userErrors).toEqual([]);
    await remove(correlation);
    expect((await remove(id)).userErrors).toEqual([]);
  });

  it("that came with Vigil and was removed stays away when the server starts again", async () => {
    const organization = test.organizations[0]?.id as string;
    const seed = () => test.db.inOrganization(organization, (tx) => seedBuiltinRules(tx, Date.now()));
    await seed();
    const { data } = await ask(
      "{ alertRules(filter: {builtin: {eq: true}, kind: {eq: CORRELATION}}) { nodes { id } } }",
    );
    const ids: string[] = data.alertRules.nodes.map(({ id }: { id: string }) => id);
    let removed = false; // others count some of them
    for (const id of ids) removed ||= (await remove(id)).userErrors.length === 0;
    expect(removed).toBe(true);
    expect(await seed()).toMatchObject({ imported: 0 });
  });

  it("is changed by those alone who may", async () => {
    const answer = await ask(
      `mutation { alertRuleCreate(input: {yaml: "x", mode: ACTIVE}) { userErrors { code } } }`,
      {},
      { role: "VIEWER" },
    );
    expect(answer.errors[0].extensions.code).toBe("FORBIDDEN");
  });
});

describe("an exception", () => {
  const except = async (input: object): Promise<Answer> =>
    (
      await ask(
        "mutation ($input: AlertRuleExceptionCreateInput!) { alertRuleExceptionCreate(input: $input) { alertRuleException { id name isExpired } userErrors { code message } } }",
        { input: { name: "robot", reason: "our own check", ...input } },
      )
    ).data.alertRuleExceptionCreate;
  const filter = "filter:\n  sel: { user.name: robot }\n  condition: not sel\n";

  it("is made, shown with its rule and ended, without a new revision of the rule", async () => {
    const ruleId = await made(rule("excepted"));
    const first = await except({ ruleId, yaml: filter });
    expect(first).toMatchObject({ alertRuleException: { name: "robot", isExpired: false }, userErrors: [] });
    expect((await except({ ruleId, yaml: filter })).userErrors).toMatchObject([{ code: "CONFLICT" }]);
    const { id } = first.alertRuleException;
    await ask("mutation ($id: ID!) { alertRuleExceptionDelete(id: $id) { userErrors { code } } }", { id });
    expect(await audited()).toEqual(["ALERT_RULE_EXCEPTION_DELETED"]);
    expect((await except({ ruleId, yaml: filter })).userErrors).toEqual([]);
    const { data } = await ask(
      "query ($id: ID!) { alertRule(id: $id) { revision exceptions { name owner isExpired } } }",
      { id: ruleId },
    );
    expect(data.alertRule).toEqual({
      revision: 1,
      exceptions: [
        { name: "robot", owner: "ada@demo.example", isExpired: false },
        { name: "robot", owner: "ada@demo.example", isExpired: true },
      ],
    });
  });

  it("is refused where it would hide more than it names, is for another rule, or ends before it begins", async () => {
    const ruleId = await made(rule("careful"));
    const message = async (input: object) => (await except({ ruleId, yaml: filter, ...input })).userErrors[0].message;
    expect(await message({ yaml: filter.replace("not sel", "sel") })).toContain("write `condition: not selection`");
    expect(await message({ yaml: filter.replace("  sel", "  rules: [another]\n  sel") })).toContain("other rules");
    expect(await message({ yaml: `logsource: { category: webserver }\n${filter}` })).toContain("another logsource");
    expect(await message({ yaml: rule("x") })).toContain("one Sigma filter");
    expect(await message({ yaml: filter.replace("not sel", "not nobody") })).toMatch(/line 3, filter\.condition/);
    expect(await message({ expiresAt: "2020-01-01T00:00:00Z" })).toContain("in the future");
  });
});

describe("a list of values", () => {
  it("is set, shown, and removed once no rule uses it", async () => {
    const set = (values: string[]) =>
      ask(
        'mutation ($v: [String!]!) { rulePlaceholderSet(name: "admins", values: $v) { rulePlaceholder { name values } userErrors { code message } } }',
        { v: values },
      );
    const drop = async () =>
      (await ask('mutation { rulePlaceholderDelete(name: "admins") { userErrors { code message } } }')).data
        .rulePlaceholderDelete.userErrors;
    expect((await set(["ann", "bob", "ann"])).data.rulePlaceholderSet.rulePlaceholder.values).toEqual(["ann", "bob"]);
    expect((await set([])).data.rulePlaceholderSet.userErrors).toMatchObject([{ code: "BAD_USER_INPUT" }]);
    const organization = test.organizations[0]?.id;
    const id = await made(rule("lister"));
    const using = rule("lister").replace("event.outcome: failure", "user.name|expand: '%admins%'");
    await test.asOwner("UPDATE alert_rules SET yaml = $2 WHERE organization_id = $1 AND name = 'Rule lister'", [
      organization,
      using,
    ]);
    expect(await drop()).toMatchObject([{ code: "CONFLICT", message: expect.stringContaining("`Rule lister`") }]);
    await remove(id);
    expect(await drop()).toEqual([]);
    expect((await ask("{ rulePlaceholders { name } }")).data.rulePlaceholders).toEqual([]);
    expect(await drop()).toMatchObject([{ code: "NOT_FOUND" }]);
  });
});
