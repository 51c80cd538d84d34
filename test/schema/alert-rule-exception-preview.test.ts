import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type TestServer, testServer } from "../support/server.ts";

let server: TestServer;
beforeAll(async () => {
  server = await testServer({});
  await server.failLogins("ann", { times: 12, from: "203.0.113.7" });
  await server.failLogins("scanner", { times: 12, from: "198.51.100.9" });
});
afterAll(() => server.close());

// biome-ignore lint/suspicious/noExplicitAny: each test says by its query what comes back
async function ask(query: string, variables: object = {}): Promise<any> {
  const { data, errors } = await server.query(query as never, variables as never);
  if (errors) throw new Error(errors.map(({ message, extensions }) => `${extensions.code} ${message}`).join("; "));
  return data;
}
const preview = async (name: string, yaml: string) => {
  const { alertRules } = await ask(`{ alertRules(first: 1, filter: { name: { eq: "${name}" } }) { nodes { id } } }`);
  const ruleId = alertRules.nodes[0].id;
  const range = { from: new Date(Date.now() - 60_000).toISOString(), to: new Date(Date.now() + 60_000).toISOString() };
  return (
    await ask(
      `query ($input: AlertRuleExceptionPreviewInput!) { alertRuleExceptionPreview(input: $input) {
        preview { eventsRead hiddenCount hidden { ruleName subjects { key } } smallerCount smaller { eventCount } remainingCount hiddenEventCount
          topSubjects { key detections } }
        userErrors { code message path } } }`,
      { input: { ruleId, yaml, range } },
    )
  ).alertRuleExceptionPreview;
};
const filter = (selection: string) =>
  `title: Ours\nlogsource: { category: authentication }\nfilter:\n  ours: { ${selection} }\n  condition: not ours\n`;

describe("alertRuleExceptionPreview", () => {
  it("says which detections an exception would have hidden, and which would remain", async () => {
    const { preview: result, userErrors } = await preview("Brute force on one account", filter("user.name: scanner"));
    expect(userErrors).toEqual([]);
    expect(result).toMatchObject({ eventsRead: 24, hiddenCount: 1, remainingCount: 1, smallerCount: 0 });
    expect(result.hidden[0].subjects).toEqual([{ key: "scanner" }]);
    expect(result.topSubjects).toEqual([{ key: "scanner", detections: 1 }]);
    expect(result.hiddenEventCount).toBe(12);
  });

  it("follows an exception of a counted rule to the correlations that count it", async () => {
    const { preview: result } = await preview("Failed log-in", filter("source.ip: 198.51.100.9"));
    const names = result.hidden.map(({ ruleName }: { ruleName: string }) => ruleName);
    expect(names).toEqual(["Brute force on one account"]);
  });

  it("stores nothing, and refuses what is no exception", async () => {
    expect(await server.database.asOwner("SELECT 1 FROM alert_rule_exceptions")).toEqual([]);
    const refused = await preview("Failed log-in", filter("user.name: scanner").replace("not ours", "ours"));
    expect(refused.userErrors).toMatchObject([{ code: "BAD_USER_INPUT", path: ["input", "yaml"] }]);
    expect(refused.userErrors[0].message).toContain("says what stays");
  });
});
