import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type TestServer, testServer } from "../support/server.ts";

let server: TestServer;
beforeAll(async () => {
  server = await testServer({});
});
afterAll(() => server.close());

const document = `mutation Test($input: AlertRuleTestInput!) { alertRuleTest(input: $input) {
  matched
  results { index ruleName matched isSeen selections { name matched clauses { field matched found isWithheld wanted message } } condition { text matched } }
  detections { ruleName severity subjects { kind key } explanation eventCount }
  rejected { index code message }
  userErrors { code message path } } }`;

// biome-ignore lint/suspicious/noExplicitAny: each test says by its input what comes back
async function testRule(input: object, as?: string): Promise<any> {
  const { data, errors } = (await server.query(document as never, { input } as never, as)) as {
    // biome-ignore lint/suspicious/noExplicitAny: as above
    data: any;
    errors: { message: string; extensions: { code: string } }[] | undefined;
  };
  if (errors) throw new Error(errors.map(({ message, extensions }) => `${extensions.code} ${message}`).join("; "));
  return data.alertRuleTest;
}

const rule = `
title: Root logs in
logsource: { category: authentication }
detection:
  selection: { event.action: login, user.name: root }
  office: { source.ip|cidr: 10.0.0.0/8 }
  condition: selection and not office
`;
const login = (name: string, ip: string, more: object = {}) => ({
  action: "login",
  category: "authentication",
  actor: { name },
  source: { ip },
  ...more,
});

describe("alertRuleTest", () => {
  it("judges sample events and says of each why", async () => {
    const events = [login("root", "203.0.113.7"), login("ann", "203.0.113.7"), login("root", "10.0.0.5")];
    const { matched, results, detections, userErrors } = await testRule({ yaml: rule, events });
    expect(userErrors).toEqual([]);
    expect(matched).toBe(true);
    expect(results.map((one: { matched: boolean }) => one.matched)).toEqual([true, false, false]);
    expect(results[1].selections[0].clauses[1].message).toBe("user.name was `ann`, wanted `root`");
    expect(results[2].condition).toEqual([
      { text: "selection and not office", matched: false },
      { text: "selection", matched: true },
      { text: "not office", matched: false },
      { text: "office", matched: true },
    ]);
    expect(detections).toMatchObject([{ ruleName: "Root logs in", eventCount: 1 }]);
  });

  it("answers the example of the README as the README says", async () => {
    const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
    const example = /```graphql\n(mutation TryRule[\s\S]+?)```/.exec(readme)?.[1];
    const { data, errors } = await server.query(example as never, {} as never);
    expect(errors).toBeUndefined();
    expect(data).toMatchObject({ alertRuleTest: { matched: false, userErrors: [] } });
    const message = "user.name was `ann`, wanted `root`";
    expect(JSON.stringify(data)).toContain(message);
    expect(readme).toContain(message);
  });

  it("stores neither events nor detections, and notes the test in the audit log", async () => {
    const counts = () =>
      server.database.asOwner(
        "SELECT (SELECT count(*) FROM realtime_monitoring) AS events, (SELECT count(*) FROM detections) AS detections",
      );
    const before = await counts();
    await testRule({ yaml: rule, events: [login("root", "203.0.113.9")] });
    expect(await counts()).toEqual(before);
    const [entry] = await server.database.asOwner<{ detail: object }>(
      "SELECT detail FROM security_audit_log WHERE action = 'ALERT_RULE_TESTED' ORDER BY seq DESC LIMIT 1",
    );
    expect(entry?.detail).toEqual({ rules: 1, events: 1, detections: 1 });
  });

  it("runs correlations with their windows, over stored rules too", async () => {
    const yaml = `
title: Three failures
level: high
correlation:
  type: event_count
  rules: [failed_login]
  group-by: [user.name]
  timespan: 5m
  condition: { gte: 3 }
`;
    const at = (minute: number) => new Date(Date.UTC(2026, 10, 1, 10, minute)).toISOString();
    const fail = (minute: number) => login("ann", "203.0.113.7", { outcome: "failure", time: at(minute) });
    const near = await testRule({ yaml, events: [fail(0), fail(1), fail(2)] });
    expect(near.detections).toMatchObject([
      { severity: "HIGH", eventCount: 3, subjects: [{ kind: "USER", key: "ann" }] },
    ]);
    expect(near.results.map((one: { ruleName: string }) => one.ruleName)).toEqual(Array(3).fill("Failed log-in"));
    expect((await testRule({ yaml, events: [fail(0), fail(4), fail(8)] })).matched).toBe(false);
  });

  it("takes a stored rule by its id, and a draft of it", async () => {
    const { data } = (await server.query(
      '{ alertRules(first: 100, filter: { name: { eq: "Failed log-in" } }) { nodes { id name kind } } }' as never,
      {} as never,
    )) as {
      data: { alertRules: { nodes: { id: string; name: string }[] } };
    };
    const id = data.alertRules.nodes.find(({ name }) => name === "Failed log-in")?.id;
    const events = [login("ann", "203.0.113.7", { outcome: "failure" })];
    expect((await testRule({ ruleId: id, events })).results[0]).toMatchObject({
      ruleName: "Failed log-in",
      matched: true,
    });
    expect((await testRule({ ruleId: id, yaml: rule, events })).results[0]).toMatchObject({ ruleName: "Root logs in" });
  });

  it("tells rejected events by their place and judges the others", async () => {
    const { rejected, results } = await testRule({
      yaml: rule,
      events: [{ category: "web" }, login("root", "203.0.113.7")],
    });
    expect(rejected).toMatchObject([{ index: 0, code: "MISSING_ACTION" }]);
    expect(results.map((one: { index: number }) => one.index)).toEqual([1]);
  });

  it("refuses a faulty rule with document, line and path", async () => {
    const { userErrors } = await testRule({
      yaml: rule.replace("|cidr", "|cider"),
      events: [login("ann", "10.0.0.1")],
    });
    expect(userErrors).toMatchObject([{ code: "BAD_USER_INPUT", path: ["input", "yaml"] }]);
    expect(userErrors[0].message).toContain(
      "document 1, line 6: detection.office.source.ip|cider: there is no modifier",
    );
  });

  it("refuses a correlation whose counted rule does not exist, and an id of no rule", async () => {
    const yaml =
      "title: t\ncorrelation:\n  type: event_count\n  rules: [nowhere]\n  timespan: 5m\n  condition: { gte: 3 }\n";
    const events = [login("ann", "10.0.0.1")];
    expect((await testRule({ yaml, events })).userErrors[0].message).toContain("no rule with the id or name `nowhere`");
    const ruleId = Buffer.from("AlertRule:00000000-0000-7000-8000-000000000000").toString("base64");
    expect((await testRule({ ruleId, events })).userErrors).toMatchObject([{ code: "NOT_FOUND" }]);
  });

  it("withholds a patient's values from those who may not read them", async () => {
    const yaml = rule
      .replace("user.name: root", "target.name: Jane Roe")
      .replace("event.action: login", "event.action: record.read");
    const events = [
      {
        action: "record.read",
        category: "authentication",
        target: { type: "record", name: "Jane Roe", patientId: "p-1" },
      },
    ];
    const others = await testRule({ yaml, events }, await server.token("VIEWER"));
    expect(others.results[0].selections[0].clauses[1]).toMatchObject({
      found: "[withheld]",
      isWithheld: true,
      matched: true,
    });
    const { results } = await testRule({ yaml, events });
    expect(results[0].selections[0].clauses[1]).toMatchObject({ found: "`Jane Roe`", isWithheld: false });
  });
});
