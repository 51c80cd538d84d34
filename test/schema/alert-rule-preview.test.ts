import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ndjson, type TestServer, testServer } from "../support/server.ts";

let server: TestServer;
let clock = Date.UTC(2026, 10, 20, 12);
beforeAll(async () => {
  server = await testServer({ now: () => clock });
  const days = ["2026-11-19", "2026-11-20"].map((day) => `('${day}'::date)`).join(", ");
  await server.database.asOwner(`DO $$ DECLARE day date; BEGIN
    FOR day IN SELECT * FROM (VALUES ${days}) d LOOP
      EXECUTE format('CREATE TABLE IF NOT EXISTS event_partitions.realtime_monitoring_%s (LIKE realtime_monitoring INCLUDING DEFAULTS)', to_char(day, 'YYYYMMDD'));
      EXECUTE format('ALTER TABLE realtime_monitoring ATTACH PARTITION event_partitions.realtime_monitoring_%s FOR VALUES FROM (%L) TO (%L)',
        to_char(day, 'YYYYMMDD'), event_id_floor(day::timestamp AT TIME ZONE 'UTC'), event_id_floor((day + 1)::timestamp AT TIME ZONE 'UTC'));
      EXECUTE format('CALL protect_tenant_table(%L)', 'event_partitions.realtime_monitoring_' || to_char(day, 'YYYYMMDD'));
    END LOOP; END $$`);
  await server.failLogins("ann", { times: 12, from: "203.0.113.7" });
  await server.ingest(
    ndjson([{ action: "login", category: "authentication", outcome: "success", actor: { name: "ann" } }]),
  );
  clock += 300_000;
  await server.failLogins("bob", { times: 4 });
  await server.ingest(
    ndjson([
      {
        action: "record.read",
        actor: { name: "nurse" },
        target: { type: "record", name: "Jane Roe", patientId: "p-1" },
      },
      {
        action: "record.read",
        actor: { name: "nurse" },
        target: { type: "record", name: "John Doe", patientId: "p-2" },
      },
    ]),
  );
  clock += 60_000;
});
afterAll(() => server.close());

const document = `query Preview($input: AlertRulePreviewInput!) { alertRulePreview(input: $input) {
  preview {
    eventsRead truncated truncatedBy cursor isWithheld detectionCount
    detections { ruleName subjects { kind key } eventCount explanation fingerprint }
    incidentCount incidents { title severity detectionCount eventCount } incidentsPerDay { day incidents }
    alertsPerDay { day channel alerts held }
    topSubjects { kind key detections }
    comparison { both onlyInDraft onlyInActive draftDetections { explanation } activeDetections { explanation } }
    broken { ruleName message }
  }
  userErrors { code message path } } }`;
const range = { from: "2026-11-20T00:00:00Z", to: "2026-11-21T00:00:00Z" };

// biome-ignore lint/suspicious/noExplicitAny: each test says by its input what comes back
async function ask(input: object, as?: string): Promise<any> {
  const { data, errors } = await server.query(document as never, { input: { range, ...input } } as never, as);
  if (errors) throw new Error(errors.map(({ message, extensions }) => `${extensions.code} ${message}`).join("; "));
  return (data as { alertRulePreview: object }).alertRulePreview;
}
const preview = async (input: object, as?: string) => (await ask(input, as)).preview;
const ruleId = async (name: string): Promise<string> => {
  const query = `{ alertRules(first: 1, filter: { name: { eq: "${name}" } }) { nodes { id } } }`;
  const { data } = await server.query(query as never, {} as never);
  return (data as { alertRules: { nodes: { id: string }[] } }).alertRules.nodes[0]?.id as string;
};

const failures = (count: number, title = "Failures of one account") => `
title: ${title}
level: high
correlation:
  type: event_count
  rules: [failed_login]
  group-by: [user.name]
  timespan: 10m
  condition: { gte: ${count} }
`;
const records = (detection: string) => `
title: Records
logsource: {}
detection:
  s: { event.action: record.read, ${detection} }
  condition: s
`;

describe("alertRulePreview", () => {
  it("says what a draft would have found in stored history, and which incidents it would have opened", async () => {
    const result = await preview({ yaml: failures(3) });
    expect(result).toMatchObject({
      eventsRead: 19,
      truncated: false,
      detectionCount: 2,
      incidentCount: 2,
      comparison: null,
    });
    expect(result.incidents).toMatchObject([
      { title: "Failures of one account: ann", severity: "HIGH", detectionCount: 1, eventCount: 12 },
      { title: "Failures of one account: bob", eventCount: 4 },
    ]);
    expect(result.incidentsPerDay).toEqual([{ day: "2026-11-20", incidents: 2 }]);
    expect(result.topSubjects).toEqual([
      { kind: "USER", key: "ann", detections: 1 },
      { kind: "USER", key: "bob", detections: 1 },
    ]);
  });

  it("says whom they would have alerted by the routes as they are, channel by channel", async () => {
    expect((await preview({ yaml: failures(3) })).alertsPerDay).toEqual([]);
    const make = async (document: string, input: object) => {
      const { data, errors } = await server.query(document as never, { input } as never);
      expect(errors).toBeUndefined();
      const [payload] = Object.values(data as Record<string, { userErrors: object[]; made?: { id: string } }>);
      expect(payload?.userErrors).toEqual([]);
      return payload?.made?.id as string;
    };
    const channel = (name: string) =>
      make(
        "mutation ($input: AlertChannelCreateInput!) { alertChannelCreate(input: $input) { made: alertChannel { id } userErrors { code message path } } }",
        { kind: "WEBHOOK", name, webhook: { url: "https://hooks.example.com/vigil" } },
      );
    await channel("All");
    await make(
      "mutation ($input: AlertRouteInput!) { alertRouteCreate(input: $input) { made: alertRoute { id } userErrors { code message path } } }",
      {
        name: "Bob",
        matchers: [{ field: "SUBJECT", operator: "EQUALS", value: "bob" }],
        channelIds: [await channel("Bob's")],
      },
    );
    const found = await preview({ yaml: failures(3) });
    // Ann is nobody's: all channels are told.
    expect(found.alertsPerDay).toEqual([
      { day: "2026-11-20", channel: "All", alerts: 1, held: 0 },
      { day: "2026-11-20", channel: "Bob's", alerts: 2, held: 0 },
    ]);
    expect((await preview({ yaml: failures(3), mode: "MONITOR" })).alertsPerDay).toEqual([]);
  });

  it("finds with a stored rule what was detected when the events arrived", async () => {
    const found = (await preview({ ruleId: await ruleId("Brute force on one account") })).detections;
    const { rows } = await server.app.db.query<{ fingerprint: string; explanation: string }>(
      server.ours,
      `SELECT d.fingerprint, d.explanation FROM detections d JOIN alert_rules r ON r.id = d.rule_id
        WHERE r.name = 'Brute force on one account'`,
    );
    expect(rows.length).toBeGreaterThan(0);
    const told = (list: { fingerprint: string; explanation: string }[]) =>
      list.map(({ fingerprint, explanation }) => `${fingerprint} ${explanation}`).sort();
    expect(told(found)).toEqual(told(rows));
  });

  it("compares a draft with the revision that is stored", async () => {
    await server.query(
      "mutation ($input: AlertRulesImportInput!) { alertRulesImport(input: $input) { imported } }" as never,
      { input: { yaml: failures(5), mode: "DISABLED" } } as never,
    );
    const wider = await preview({ ruleId: await ruleId("Failures of one account"), yaml: failures(3, "Renamed") });
    expect(wider.comparison).toMatchObject({ both: 1, onlyInDraft: 1, onlyInActive: 0 });
    expect(wider.comparison.draftDetections[0].explanation).toContain("bob");
    const narrower = await preview({ yaml: failures(50) });
    expect(narrower.comparison).toMatchObject({ both: 0, onlyInDraft: 0, onlyInActive: 1 });
  });

  it("shows what a change of a counted rule does to the correlations that count it, and which it breaks", async () => {
    const yaml = (name: string) =>
      `title: Failed log-in\n${name}logsource: { category: authentication }\ndetection:\n  s: { event.outcome: failure, user.name: bob }\n  condition: s\n`;
    const id = await ruleId("Failed log-in");
    const narrowed = await preview({ ruleId: id, yaml: yaml("name: failed_login\n") });
    expect(narrowed.broken).toEqual([]);
    expect(narrowed.comparison.onlyInActive).toBeGreaterThan(0);
    const nameless = await preview({ ruleId: id, yaml: yaml("") });
    expect(nameless.broken).toContainEqual({
      ruleName: "Brute force on one account",
      message: "there is no rule with the id or name `failed_login`",
    });
  });

  it("opens no incident in MONITOR mode", async () => {
    expect(await preview({ yaml: failures(3), mode: "MONITOR" })).toMatchObject({
      detectionCount: 2,
      incidentCount: 0,
    });
  });

  it("counts in its windows what arrived before the range, and tells what happened in it", async () => {
    const { rows } = await server.app.db.query<{ received_at: Date }>(
      server.ours,
      "SELECT received_at FROM realtime_monitoring ORDER BY id OFFSET 2 LIMIT 1",
    );
    const from = new Date((rows[0]?.received_at.getTime() ?? 0) + 1).toISOString();
    const { detections } = await preview({ yaml: failures(3), range: { ...range, from } });
    expect(detections.map(({ eventCount }: { eventCount: number }) => eventCount)).toEqual([4]); // bob's alone
  });

  it("judges sealed fields for those who may read patients, under pseudonyms, and audits whose they were", async () => {
    const result = await preview({ yaml: records("target.name: Jane Roe") });
    expect(result).toMatchObject({ detectionCount: 1, isWithheld: false });
    const grouped = `title: Per patient\ncorrelation:\n  type: event_count\n  rules: [r]\n  group-by: [patient.id]\n  timespan: 5m\n  condition: { gte: 1 }\n`;
    const { detections } = await preview({
      yaml: `${records("target.type: record").replace("logsource", "name: r\nlogsource")}---\n${grouped}`,
    });
    expect(detections).toHaveLength(2);
    for (const { subjects } of detections) expect(subjects[0].key).toMatch(/^sealed-/);
    const reads = await server.database.asOwner<{ detail: { count: number } }>(
      "SELECT detail FROM security_audit_log WHERE action = 'PHI_READ' AND entity_id LIKE '%alertRulePreview%' ORDER BY seq",
    );
    expect(reads[0]?.detail.count).toBe(1);
  });

  it("is no way to find out about patients for those who may not read them", async () => {
    const result = await preview({ yaml: records("target.name: Jane Roe") }, await server.token("VIEWER"));
    expect(result).toMatchObject({ detectionCount: 0, isWithheld: true, eventsRead: 19 });
    const [entry] = await server.database.asOwner<{ detail: object }>(
      "SELECT detail FROM security_audit_log WHERE action = 'ALERT_RULE_PREVIEWED' ORDER BY seq DESC LIMIT 1",
    );
    expect(entry?.detail).toMatchObject({ events: 19, sealedOpened: 0, detections: 0 });
  });

  it("refuses a faulty draft, a backward range and a cursor that is none", async () => {
    expect((await ask({ yaml: "title: t" })).userErrors).toMatchObject([
      { code: "BAD_USER_INPUT", path: ["input", "yaml"] },
    ]);
    const backward = { range: { from: range.to, to: range.from }, yaml: failures(3) };
    expect((await ask(backward)).userErrors).toMatchObject([{ code: "BAD_USER_INPUT", path: ["range"] }]);
    expect((await ask({ yaml: failures(3), after: "x" })).userErrors).toMatchObject([{ path: ["input", "after"] }]);
  });

  it("sees nothing of another organization", async () => {
    const yaml = `title: Anything\nlogsource: {}\ndetection:\n  s: { event.action|contains: "o" }\n  condition: s\n`;
    expect(await preview({ yaml }, server.outsider)).toMatchObject({ eventsRead: 0, detectionCount: 0 });
  });
});
