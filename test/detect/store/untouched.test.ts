import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { builtinRules } from "../../../src/detect/builtin.ts";
import { parseSigma } from "../../../src/detect/sigma/parse.ts";
import { importRules, seedBuiltinRules } from "../../../src/detect/store.ts";
import { type TestDatabase, testDatabase } from "../../support/database.ts";

let test: TestDatabase;
beforeAll(async () => {
  test = await testDatabase();
});
afterAll(() => test.close());

/** The rules as a later version of Vigil might ship them. */
const next = (...names: string[]) =>
  builtinRules().map((rule) => {
    if (!names.includes(rule.document.name ?? "")) return rule;
    const yaml = rule.yaml.replace(/^title: .*$/m, "title: Newer");
    const [document = rule.document] = parseSigma(yaml).documents;
    return { ...rule, yaml, document };
  });

describe("a new version of Vigil", () => {
  it("brings new texts of built-in rules, but leaves those alone that somebody changed", async () => {
    const organization = test.organizations[0]?.id as string;
    const inside = <T>(work: Parameters<typeof test.db.inOrganization<T>>[1]) =>
      test.db.inOrganization(organization, work);
    expect(await inside((tx) => seedBuiltinRules(tx, 1))).toBe(builtinRules().length);
    expect(await inside((tx) => seedBuiltinRules(tx, 2))).toBe(0);
    const mine = builtinRules().find(({ document }) => document.name === "password_spraying");
    const yaml = `${mine?.yaml.replace(/^level: .*$/m, "level: critical")}`;
    await inside((tx) => importRules(tx, { yaml, mode: "ACTIVE", dryRun: false, actor: "ada", now: 3 }));
    expect(await inside((tx) => seedBuiltinRules(tx, 4, next("password_spraying", "mfa_fatigue")))).toBe(1);
    const { rows } = await inside((tx) =>
      tx.query(
        "SELECT name, reference, revision, mode, severity FROM alert_rules WHERE reference = ANY($1) ORDER BY 2",
        [["password_spraying", "mfa_fatigue"]],
      ),
    );
    expect(rows).toEqual([
      { name: "Newer", reference: "mfa_fatigue", revision: 2, mode: "ACTIVE", severity: "HIGH" },
      { name: "Password spraying", reference: "password_spraying", revision: 2, mode: "ACTIVE", severity: "CRITICAL" },
    ]);
    expect(await inside((tx) => seedBuiltinRules(tx, 5, next("password_spraying", "mfa_fatigue")))).toBe(0);
  });
});
