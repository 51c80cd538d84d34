import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { seedBuiltinRules } from "../../src/detect/store.ts";
import { type TestDatabase, testDatabase } from "../support/database.ts";
import { asker } from "./ask.ts";

let test: TestDatabase;
let ours: string;
beforeAll(async () => {
  test = await testDatabase();
  ours = test.organizations[0]?.id as string;
  await test.db.inOrganization(ours, (tx) => seedBuiltinRules(tx, Date.now()));
});
afterAll(() => test.close());

const query = `query ($range: TimeRangeInput!) { attackCoverage(range: $range) { attackVersion tactics { tacticId name
  rules { active monitor disabled } detections techniques { techniqueId name rules { active disabled } detections } } } }`;
const range = { from: new Date("2026-11-24T00:00:00Z"), to: new Date("2026-11-25T00:00:00Z") };

describe("attackCoverage", () => {
  it("tells which techniques the rules of one's own organization look for, and what they found in the range", async () => {
    const detected = (at: string) =>
      test.asOwner(`INSERT INTO detections (organization_id, id, rule_id, rule_revision, mode, severity, fingerprint, subjects, explanation,
          first_event_at, last_event_at, event_count, event_ids, created_at, updated_at)
        SELECT organization_id, gen_random_uuid(), id, 1, 'ACTIVE', 'HIGH', 'f', '[]', 'e', '${at}', '${at}', 1, '{}', '${at}', '${at}'
        FROM alert_rules WHERE reference = 'password_spraying'`);
    await detected("2026-11-24T10:00:00Z");
    await detected("2026-11-25T00:00:00Z"); // the end is no part of the range
    await test.asOwner("UPDATE alert_rules SET mode = 'DISABLED' WHERE reference = 'password_spraying'");
    const ask = asker(test);
    const { data } = await ask(query, { range });
    expect(data.attackCoverage.tactics).toHaveLength(14);
    const tactic = data.attackCoverage.tactics.find(({ name }: { name: string }) => name === "Credential Access");
    expect(tactic).toMatchObject({ tacticId: "TA0006", rules: { disabled: 1, monitor: 0 }, detections: 1 });
    expect(tactic.rules.active).toBeGreaterThan(15);
    const spraying = tactic.techniques.find(({ techniqueId }: { techniqueId: string }) => techniqueId === "T1110.003");
    expect(spraying).toMatchObject({ name: "Password Spraying", rules: { active: 2, disabled: 1 }, detections: 1 });
    const theirs = await ask(query, { range }, { organizationId: test.organizations[1]?.id as string });
    for (const { rules, detections } of theirs.data.attackCoverage.tactics)
      expect({ ...rules, detections }).toEqual({ active: 0, monitor: 0, disabled: 0, detections: 0 });
  });

  it("is for those who may read rules", async () => {
    const { errors } = await asker(test)(query, { range }, { role: "INGEST", kind: "API_KEY" });
    expect(errors[0].extensions.code).toBe("FORBIDDEN");
  });
});
