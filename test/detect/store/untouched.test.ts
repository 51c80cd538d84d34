import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type BuiltinRule, builtinRules } from "../../../src/detect/builtin.ts";
import { parseSigma } from "../../../src/detect/sigma/parse.ts";
import { deleteRule, updateRule } from "../../../src/detect/store/change.ts";
import { importRules, loadRules, seedBuiltinRules } from "../../../src/detect/store.ts";
import { prepareOrganizations, shippedDigest } from "../../../src/seed.ts";
import { quiet, type TestDatabase, testDatabase } from "../../support/database.ts";

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
    expect(await inside((tx) => seedBuiltinRules(tx, 1))).toMatchObject({ imported: builtinRules().length });
    expect(await inside((tx) => seedBuiltinRules(tx, 2))).toMatchObject({ imported: 0 });
    const mine = builtinRules().find(({ document }) => document.name === "password_spraying");
    const yaml = `${mine?.yaml.replace(/^level: .*$/m, "level: critical")}`;
    await inside((tx) => importRules(tx, { yaml, mode: "ACTIVE", dryRun: false, actor: "ada", now: 3 }));
    expect(await inside((tx) => seedBuiltinRules(tx, 4, next("password_spraying", "mfa_fatigue")))).toMatchObject({
      imported: 1,
    });
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
    expect(await inside((tx) => seedBuiltinRules(tx, 5, next("password_spraying", "mfa_fatigue")))).toMatchObject({
      imported: 0,
    });
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
    expect(await inside((tx) => seedBuiltinRules(tx, 3, later))).toMatchObject({
      imported: 3,
      left: [{ file: "old.yml", message: expect.stringContaining("switched_off") }],
    });
    const { rules } = await inside(loadRules);
    expect(rules.map(({ name, mode }) => `${name}: ${mode}`).sort()).toEqual([
      "Before: ACTIVE",
      "Of one that is gone: ACTIVE",
      "Of one that is off: DISABLED",
      "Of one that is there: ACTIVE",
      "kept: ACTIVE",
      "switched_off: DISABLED",
    ]);
    expect(await inside((tx) => seedBuiltinRules(tx, 4, later))).toMatchObject({ imported: 0 });
    await inside((tx) => updateRule(tx, { ...who, id: off, patch: { mode: "ACTIVE" } }));
    expect(await inside((tx) => seedBuiltinRules(tx, 5, later))).toEqual({ imported: 1, left: [] });
  });

  it("is told of in the log, and tried again at the next start, where a rule cannot take its new text", async () => {
    const organization = (await test.db.organizationIds()).at(-1) as string;
    const lines: unknown[] = [];
    const log = { ...quiet, warn: (line: unknown) => void lines.push(line) } as typeof quiet;
    const start = () => prepareOrganizations(test.db, undefined, Date.now, log);
    await start();
    expect(await test.db.organizationsWithout(shippedDigest())).toEqual([]);
    const set = (columns: string, reference: string) =>
      test.asOwner(`UPDATE alert_rules SET ${columns} WHERE organization_id = $1 AND reference = $2`, [
        organization,
        reference,
      ]);
    await set("yaml = replace(yaml, 'Password spraying', 'Older')", "password_spraying");
    await set("mode = 'DISABLED'", "failed_login");
    await test.asOwner("UPDATE organizations SET shipped = 'of an older version' WHERE id = $1", [organization]);
    for (const _ of [1, 2]) {
      await start();
      expect(await test.db.organizationsWithout(shippedDigest())).toEqual([organization]);
    }
    const why = expect.stringContaining("Failed log-in");
    const line = { organizationId: organization, file: "authentication/password-spraying.yml", why };
    expect(lines).toEqual([line, line]);
    await set("mode = 'ACTIVE'", "failed_login");
    await start();
    expect(await test.db.organizationsWithout(shippedDigest())).toEqual([]);
    expect(lines).toHaveLength(2);
  });
});
