import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type TestDatabase, testDatabase } from "../support/database.ts";
import { asker } from "./ask.ts";

let test: TestDatabase;
let ask: ReturnType<typeof asker>;
const day = 86_400_000;
const names = ["Noisy", "Shadow", "Silent"];

/** Incidents of the rule of that place, so many days old. */
const opened = (rule: number, days: number, resolutions: (string | null)[], organization = 0) =>
  test.asOwner(
    `INSERT INTO security_incidents (organization_id, id, number, title, severity, status, rule_id, fingerprint, threat_score, subjects,
       tags, detection_count, event_count, first_event_at, last_event_at, opened_at, created_at, resolution)
     SELECT $1, gen_random_uuid(), (SELECT count(*) FROM security_incidents) + n, 't', 'HIGH',
       (CASE WHEN r IS NULL THEN 'OPEN' ELSE 'RESOLVED' END)::incident_status, $2, 'f' || gen_random_uuid(), 1, '[]', '{}', 1, 1, $3, $3, $3, $3,
       r::incident_resolution FROM unnest($4::text[]) WITH ORDINALITY AS u(r, n)`,
    [
      test.organizations[organization]?.id,
      `00000000-0000-4000-8000-00000000000${rule}`,
      new Date(Date.now() - days * day),
      resolutions,
    ],
  );

beforeAll(async () => {
  test = await testDatabase();
  ask = asker(test);
  for (const { id } of test.organizations) {
    await test.asOwner(
      `INSERT INTO alert_rules (organization_id, id, name, reference, kind, mode, severity, tags, yaml)
       SELECT $1, ('00000000-0000-4000-8000-00000000000' || n)::uuid, name, name, 'DETECTION', 'ACTIVE', 'HIGH', '{}', ''
       FROM unnest($2::text[]) WITH ORDINALITY AS u(name, n)`,
      [id, names],
    );
  }
  await opened(1, 1, ["TRUE_POSITIVE", "FALSE_POSITIVE", "FALSE_POSITIVE", "USER_CONFIRMED", "DUPLICATE", null]);
  await opened(1, 8, ["POLICY_VIOLATION", "BENIGN"]);
  await opened(1, 400, ["FALSE_POSITIVE"]);
  await opened(1, 1, ["FALSE_POSITIVE"], 1);
  await test.asOwner(
    `INSERT INTO detections (organization_id, id, rule_id, rule_revision, mode, severity, fingerprint, subjects, explanation,
       first_event_at, last_event_at, event_count, event_ids, weak, created_at)
     SELECT $1, gen_random_uuid(), '00000000-0000-4000-8000-000000000002', 1, mode::rule_mode, 'LOW', fingerprint, '[]', '', now(), now(), 1, '{}', weak,
       now() - interval '1 hour'
     FROM (VALUES ('MONITOR', 'ann', false), ('MONITOR', 'ann', true), ('MONITOR', 'bob', false), ('MONITOR', 'dan', true),
       ('ACTIVE', 'cid', false)) AS d(mode, fingerprint, weak)`,
    [test.organizations[0]?.id],
  );
});
afterAll(() => test.close());

const counts = "truePositives falsePositives benign precision";

describe("the quality of a rule", () => {
  it("counts what people said of its incidents, of these weeks and this organization alone", async () => {
    const { data } = await ask(
      `{ alertRules(orderBy: [{field: NAME, direction: ASC}]) { nodes { name quality(weeks: 2) { ${counts} open trend { ${counts} }
         monitorDetections monitorIncidents } } } }`,
    );
    const none = { truePositives: 0, falsePositives: 0, benign: 0, precision: null };
    const rest = { open: 0, trend: [none, none], monitorDetections: 0, monitorIncidents: 0 };
    expect(data.alertRules.nodes).toEqual([
      {
        name: "Noisy",
        quality: {
          ...{ truePositives: 2, falsePositives: 2, benign: 2, precision: 2 / 6, open: 1 },
          trend: [
            { truePositives: 1, falsePositives: 0, benign: 1, precision: 0.5 },
            { truePositives: 1, falsePositives: 2, benign: 1, precision: 0.25 },
          ],
          ...{ monitorDetections: 0, monitorIncidents: 0 },
        },
      },
      { name: "Shadow", quality: { ...none, ...rest, monitorDetections: 4, monitorIncidents: 2 } },
      { name: "Silent", quality: { ...none, ...rest } },
    ]);
  });

  it("of a page of rules is one statement", async () => {
    const texts: string[] = [];
    const { query } = test.db;
    test.db.query = ((organizationId: string, text: string, values: unknown[]) => {
      texts.push(text);
      return query(organizationId, text, values);
    }) as typeof query;
    await ask("{ alertRules { nodes { quality { precision } } } }").finally(() => {
      test.db.query = query;
    });
    expect(texts.filter((text) => text.includes("open_fingerprint"))).toHaveLength(1);
  });

  it("is refused over no weeks, and to whoever may not read incidents", async () => {
    const refused = await ask("{ alertRules { nodes { quality(weeks: 0) { precision } } } }");
    expect(refused.errors[0].message).toBe("weeks is from 1 to 52");
    const key = await ask(
      "{ alertRules { nodes { quality { precision } } } }",
      {},
      { role: "INGEST", kind: "API_KEY" },
    );
    expect(key.errors[0].extensions.code).toBe("FORBIDDEN");
  });
});
