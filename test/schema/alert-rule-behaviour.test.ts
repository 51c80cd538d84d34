import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { seedBuiltinRules } from "../../src/detect/store.ts";
import { type TestDatabase, testDatabase } from "../support/database.ts";
import { type Answer, asker } from "./ask.ts";

let test: TestDatabase;
let ask: ReturnType<typeof asker>;

beforeAll(async () => {
  test = await testDatabase();
  ask = asker(test);
  await test.db.inOrganization(test.organizations[0]?.id as string, (tx) => seedBuiltinRules(tx, Date.now()));
});
afterAll(() => test.close());

const shown = "id kind mode detector learning yaml parameters { name value default min max description }";
const travel = async (): Promise<Answer> =>
  (
    await ask(
      `{ alertRules(filter: { kind: { eq: BEHAVIOUR }, reference: { eq: "impossible_travel" } }) { totalCount nodes { ${shown} } } }`,
    )
  ).data.alertRules.nodes[0];
const update = async (id: string, input: object): Promise<Answer> =>
  (
    await ask(
      `mutation ($id: ID!, $input: AlertRuleUpdateInput!) { alertRuleUpdate(id: $id, input: $input) {
        alertRule { revision ${shown} revisions(first: 1) { nodes { diff } } } userErrors { message path } } }`,
      { id, input },
    )
  ).data.alertRuleUpdate;
const speed = (rule: Answer) => rule.parameters.find(({ name }: { name: string }) => name === "maxSpeedKmh");

describe("behaviour rules in the API", () => {
  it("say what judges, how it learns, and what can be set of it", async () => {
    const rule = await travel();
    expect(rule).toMatchObject({ kind: "BEHAVIOUR", mode: "ACTIVE", detector: "impossible_travel" });
    expect(rule.learning).toContain("14 days");
    expect(speed(rule)).toMatchObject({ value: 900, default: 900, description: expect.stringContaining("km/h") });
    const { data } = await ask(`{ alertRules(filter: { kind: { eq: DETECTION } }, first: 1) { nodes { ${shown} } } }`);
    expect(data.alertRules.nodes[0]).toMatchObject({ detector: null, learning: null, parameters: [] });
  });

  it("take parameters as values, checked, as a new revision that says what changed; null is the default again", async () => {
    const { id } = await travel();
    const { alertRule, userErrors } = await update(id, { parameters: [{ name: "maxSpeedKmh", value: 700 }] });
    expect(userErrors).toEqual([]);
    expect(speed(alertRule).value).toBe(700);
    expect(alertRule.yaml).toContain("maxSpeedKmh: 700");
    expect(alertRule.revisions.nodes[0].diff).toMatch(/^\+.*maxSpeedKmh: 700/m);
    const back = await update(id, { parameters: [{ name: "maxSpeedKmh", value: null }] });
    expect(speed(back.alertRule).value).toBe(900);
    expect(back.alertRule.yaml).not.toContain("maxSpeedKmh");
  });

  it("refuse each value that does not fit, by its place, and change nothing", async () => {
    const { id, yaml } = await travel();
    const { alertRule, userErrors } = await update(id, {
      parameters: [
        { name: "maxSpeedKmh", value: "fast" },
        { name: "maxSpedKmh", value: 1 },
      ],
    });
    expect(alertRule).toBeNull();
    expect(userErrors).toEqual([
      { message: expect.stringContaining("must be a number, e.g. 900"), path: ["input", "parameters", "0"] },
      { message: expect.stringContaining("did you mean `maxSpeedKmh`?"), path: ["input", "parameters", "1"] },
    ]);
    expect((await travel()).yaml).toBe(yaml);
    const { data } = await ask("{ alertRules(filter: { kind: { eq: DETECTION } }, first: 1) { nodes { id } } }");
    const other = await update(data.alertRules.nodes[0].id, { parameters: [{ name: "maxSpeedKmh", value: 1 }] });
    expect(other.userErrors[0].message).toContain("Only behaviour rules have parameters");
  });

  it("go by the organization's time zone, which is checked", async () => {
    const set = async (timeZone: string) =>
      (
        await ask(
          "mutation ($input: OrganizationUpdateInput!) { organizationUpdate(input: $input) { organization { timeZone } userErrors { message path } } }",
          { input: { timeZone } },
        )
      ).data.organizationUpdate;
    const version = async () =>
      (await test.asOwner<{ rules_version: number }>("SELECT rules_version FROM organizations WHERE slug = 'demo'"))[0]
        ?.rules_version as number;
    const before = await version();
    expect(await set("America/Chicago")).toEqual({ organization: { timeZone: "America/Chicago" }, userErrors: [] });
    expect(await version()).toBe(before + 1);
    for (const wrong of ["America/Atlantis", "+05:00", ""])
      expect((await set(wrong)).userErrors[0]).toEqual({
        message: `"${wrong}" is no IANA time zone, such as America/Chicago or UTC`,
        path: ["timeZone"],
      });
  });
});
