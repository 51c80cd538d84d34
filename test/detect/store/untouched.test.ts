import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type BuiltinRule, builtinRules } from "../../../src/detect/builtin.ts";
import { parseSigma } from "../../../src/detect/sigma/parse.ts";
import { deleteRule, updateRule } from "../../../src/detect/store/change.ts";
import { importRules, loadRules, seedBuiltinRules } from "../../../src/detect/store.ts";
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

  it("comes to whoever has switched off or removed what its rules count: those are off, wait, or stay as they were", async () => {
    const organization = test.organizations[1]?.id as string;
    const inside = <T>(work: Parameters<typeof test.db.inOrganization<T>>[1]) =>
      test.db.inOrganization(organization, work);
    const base = (name: string) => `
title: ${name}
name: ${name}
logsource: { category: authentication }
detection: { s: { event.action: ${name} }, condition: s }
`;
    const count = (name: string, title: string, rules: string) => `
title: ${title}
name: ${name}
correlation: { type: event_count, rules: [${rules}], group-by: [user.name], timespan: 10m, condition: { gte: 3 } }
`;
    const shipped = (...texts: string[]): BuiltinRule[] =>
      texts.map((yaml) => {
        const [document] = parseSigma(yaml).documents;
        if (!document) throw new Error("not a rule");
        return { file: `${document.name}.yml`, yaml, document };
      });
    const bases = ["kept", "switched_off", "removed"].map(base);
    await inside((tx) => seedBuiltinRules(tx, 1, shipped(...bases, count("old", "Before", "kept"))));
    const who = { actor: "ann", now: 2 };
    const idOf = async (name: string) =>
      (await inside(loadRules)).rules.find(({ reference }) => reference === name)?.id as string;
    const [off, gone] = [await idOf("switched_off"), await idOf("removed")];
    await inside((tx) => updateRule(tx, { ...who, id: off, patch: { mode: "DISABLED" } }));
    await inside((tx) => deleteRule(tx, { ...who, id: gone }));

    const later = shipped(
      ...bases,
      count("old", "After", "kept, switched_off"),
      count("of_switched_off", "Of one that is off", "switched_off"),
      count("of_removed", "Of one that is gone", "removed"),
      count("of_kept", "Of one that is there", "kept"),
    );
    expect(await inside((tx) => seedBuiltinRules(tx, 3, later))).toBe(3);
    const { rules } = await inside(loadRules);
    expect(rules.map(({ name, mode }) => `${name}: ${mode}`).sort()).toEqual([
      "Before: ACTIVE",
      "Of one that is gone: ACTIVE",
      "Of one that is off: DISABLED",
      "Of one that is there: ACTIVE",
      "kept: ACTIVE",
      "switched_off: DISABLED",
    ]);
    expect(await inside((tx) => seedBuiltinRules(tx, 4, later))).toBe(0);
  });
});
