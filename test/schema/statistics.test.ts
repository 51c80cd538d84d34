import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { audit } from "../../src/access/audit.ts";
import type { Role } from "../../src/access/viewer.ts";
import { openEnricher } from "../../src/ingest/enrich/enricher.ts";
import { quiet, type TestDatabase, testDatabase } from "../support/database.ts";
import { watchStatements } from "../support/statements.ts";
import { asker } from "./ask.ts";

let test: TestDatabase;
let ours: string;
let theirs: string;

const midnight = Date.parse(new Date().toISOString().slice(0, 10)); // today, UTC
const hour = 3_600_000;
const at = (hours: number, seconds = 0): Date => new Date(midnight + hours * hour + seconds * 1000);
const today = new Date(midnight).toISOString().slice(0, 10);
const range = { from: at(0), to: at(24) };

beforeAll(async () => {
  test = await testDatabase();
  [ours, theirs] = test.organizations.map(({ id }) => id) as [string, string];
  for (const [organization, count] of [
    [ours, 10],
    [theirs, 3],
  ] as const) {
    await test.asOwner(
      `INSERT INTO alert_rules (organization_id, id, name, reference, kind, mode, severity, tags, yaml)
         VALUES ('${organization}', '${organization}', 'Too many log-ins', 'r', 'DETECTION', 'ACTIVE', 'HIGH', '{}', '');
       INSERT INTO alert_channels (organization_id, id, kind, name) VALUES ('${organization}', '${organization}', 'EMAIL', 'On call');
       INSERT INTO security_incidents (organization_id, id, number, title, severity, status, rule_id, fingerprint, threat_score, subjects, tags,
           detection_count, event_count, first_event_at, last_event_at, opened_at, acknowledged_at, resolved_at, created_at, updated_at)
         SELECT '${organization}', gen_random_uuid(), n, 't', 'HIGH', (CASE WHEN n = 1 THEN 'OPEN' ELSE 'RESOLVED' END)::incident_status,
           '${organization}', 'f' || n, n, jsonb_build_array(jsonb_build_object('kind', 'user.name', 'key', 'user' || n % 2)), '{}', 2, 2, t, t, t,
           CASE WHEN n > 1 THEN t + n * interval '1 second' END, CASE WHEN n > 1 THEN t + n * interval '10 seconds' END, t, t + interval '1 hour'
         FROM generate_series(1, ${count}) n, (SELECT '${at(1).toISOString()}'::timestamptz AS t) s;
       INSERT INTO security_alerts (organization_id, id, incident_id, channel_id, status, created_at)
         SELECT organization_id, gen_random_uuid(), id, '${organization}', (ARRAY['QUEUED', 'HELD', 'SENT', 'DELIVERED', 'FAILED']::alert_status[])[1 + number % 5], opened_at
         FROM security_incidents WHERE organization_id = '${organization}';
       INSERT INTO alert_attempts (organization_id, id, alert_id, at, outcome, detail)
         SELECT organization_id, gen_random_uuid(), id, created_at, 'SENT', '' FROM security_alerts
         WHERE organization_id = '${organization}' AND status IN ('SENT', 'DELIVERED', 'FAILED')`,
    );
  }
  const read = (organizationId: string, actor: string, detail: object) =>
    test.db.inOrganization(organizationId, (tx) =>
      audit(tx, { actor, action: "PHI_READ", entityKind: "SecurityEvent", entityId: "", detail }),
    );
  await read(ours, "ann@demo.example", { patients: ["p1", "p2"], purpose: "treatment" });
  await read(ours, "ann@demo.example", { patients: ["p1"], purpose: "treatment" });
  await read(ours, "bob@demo.example", { patients: ["p1"], purpose: "payment" });
  await read(ours, "bob@demo.example", { purpose: "names nobody" });
  await read(theirs, "eve@other.example", { patients: ["p9"] });
});
afterAll(() => test.close());

async function ask(
  query: string,
  variables: object = { range },
  organizationId = ours,
  role: Role = "ADMIN",
  // biome-ignore lint/suspicious/noExplicitAny: each test says by its query what comes back
): Promise<any> {
  return asker(test)(query, variables, { organizationId, role });
}

const statistics = (fields: string): string =>
  `query ($range: TimeRangeInput!) { statistics(range: $range, interval: "PT6H") { ${fields} } }`;

describe("statistics", () => {
  it("count what happened in each interval, the empty ones too", async () => {
    const { data } = await ask(statistics("steps { at opened acknowledged resolved detections alerts alertsFailed }"));
    expect(data.statistics.steps).toEqual(
      [0, 6, 12, 18].map((hours) => ({
        at: at(hours).toISOString(),
        opened: hours === 0 ? 10 : 0,
        acknowledged: hours === 0 ? 9 : 0,
        resolved: hours === 0 ? 9 : 0,
        detections: 0,
        alerts: hours === 0 ? 10 : 0,
        alertsFailed: hours === 0 ? 2 : 0,
      })),
    );
    const later = await ask(statistics("steps { opened }"), { range: { from: at(2), to: at(8) } });
    expect(later.data.statistics.steps).toEqual([{ opened: 0 }]);
  });

  it("count everything, too, in intervals that are no whole milliseconds", async () => {
    const query = statistics("steps { opened }").replace("PT6H", "PT1234.5678S"); // a 70th of the range, or so
    const { steps } = (await ask(query)).data.statistics;
    expect(steps).toHaveLength(70);
    expect(steps.reduce((sum: number, { opened }: { opened: number }) => sum + opened, 0)).toBe(10);
  });

  it("count what is asked for, once for all intervals, and nothing else", async () => {
    const watched = watchStatements();
    try {
      await ask(statistics("steps { at }"));
      const before = watched.take().length;
      await ask(statistics("steps { a: alerts b: alerts alertsFailed }"));
      const said = watched.take().map(({ text }) => text);
      expect(said.filter((text) => text.includes("date_bin"))).toEqual([
        expect.stringContaining("FROM security_alerts"),
      ]);
      expect(said.length).toBe(before + 1);
    } finally {
      watched.stop();
    }
  });

  it("report incidents by day, severity and rule, and how fast they were answered", async () => {
    const fields = `incidents { day severity ruleName incidents open }
      responseTimes { day severity acknowledged meanSecondsToAcknowledge p90SecondsToAcknowledge resolved meanSecondsToResolve p90SecondsToResolve }`;
    const { data } = await ask(statistics(fields));
    expect(data.statistics.incidents).toEqual([
      { day: today, severity: "HIGH", ruleName: "Too many log-ins", incidents: 10, open: 1 },
    ]);
    // acknowledged after 2, 3, … 10 seconds, resolved after ten times as long
    expect(data.statistics.responseTimes).toEqual([
      {
        day: today,
        severity: "HIGH",
        acknowledged: 9,
        meanSecondsToAcknowledge: 6,
        p90SecondsToAcknowledge: 9.2,
        resolved: 9,
        meanSecondsToResolve: 60,
        p90SecondsToResolve: 92,
      },
    ]);
    const yesterday = await ask(statistics(fields), { range: { from: at(-24), to: at(0) } });
    expect(yesterday.data.statistics).toEqual({ incidents: [], responseTimes: [] });
  });

  it("report alert delivery by channel and the top subjects", async () => {
    const { data } = await ask(
      statistics(
        "alertDelivery { day channelName channelKind alerts sent delivered failed held queued attempts } topSubjects(first: 1) { kind key incidents detections threatScore }",
      ),
    );
    expect(data.statistics.alertDelivery).toEqual([
      {
        day: today,
        channelName: "On call",
        channelKind: "EMAIL",
        alerts: 10,
        sent: 4,
        delivered: 2,
        failed: 2,
        held: 2,
        queued: 2,
        attempts: 6,
      },
    ]);
    expect(data.statistics.topSubjects).toEqual([
      { kind: "user.name", key: "user0", incidents: 5, detections: 10, threatScore: 10 },
    ]);
  });

  it("name whom the incidents of the range are about, and nobody of the rest of its days", async () => {
    const subjects = async (from: Date, to: Date) =>
      (await ask(statistics("topSubjects { incidents }"), { range: { from, to } })).data.statistics.topSubjects;
    expect(await subjects(at(0), at(1))).toEqual([]);
    expect(await subjects(at(1), at(2))).toEqual([{ incidents: 5 }, { incidents: 5 }]);
    expect(await subjects(at(2), at(3))).toEqual([]);
  });

  it("say where the addresses are that most incidents are about", async () => {
    const subjects = (...keys: string[]) => JSON.stringify(keys.map((key) => ({ kind: "ADDRESS", key })));
    await test.asOwner(
      `INSERT INTO security_incidents (organization_id, id, number, title, severity, status, fingerprint, threat_score, subjects, tags,
           detection_count, event_count, first_event_at, last_event_at, opened_at, created_at, updated_at)
         SELECT '${ours}', gen_random_uuid(), 100 + n, 't', 'LOW', 'CLOSED', 'place' || n, 1, s, '{}', 1, 1, t, t, t, t, t
         FROM (SELECT '${at(-240).toISOString()}'::timestamptz AS t) at,
           (VALUES (1, '${subjects("8.8.8.8", "10.1.2.3")}'::jsonb), (2, '${subjects("8.8.8.8", "nowhere")}')) AS i(n, s)`,
    );
    const wanted = statistics(`topSubjects(kind: "ADDRESS") { key incidents place { country lat lon } }
      users: topSubjects(kind: "USER") { key }`);
    const enricher = await openEnricher({ own: {}, log: quiet, now: Date.now });
    const variables = { range: { from: at(-240), to: at(-239) } };
    const { data } = await asker(test, { enricher })(wanted, variables, { organizationId: ours });
    expect(data.statistics).toEqual({
      topSubjects: [
        { key: "8.8.8.8", incidents: 2, place: { country: "US", lat: expect.any(Number), lon: expect.any(Number) } },
        { key: "10.1.2.3", incidents: 1, place: null },
        { key: "nowhere", incidents: 1, place: null },
      ],
      users: [],
    });
  });

  it("sum up what was opened: by status, severity, rule and channel, how fast and how rightly", async () => {
    await test.asOwner(
      `UPDATE security_incidents SET contained_at = opened_at + number * interval '5 seconds', resolution =
         (CASE WHEN number % 3 = 0 THEN 'FALSE_POSITIVE' ELSE 'TRUE_POSITIVE' END)::incident_resolution
       WHERE organization_id = '${ours}' AND number > 1`,
    );
    const { data, errors } = await ask(
      statistics(`byStatus { status incidents } bySeverity { severity incidents }
        byRule { name incidents open quality { truePositives falsePositives benign precision } }
        byChannel { name kind alerts succeeded failed successRate }
        timeToAcknowledge { incidents meanSeconds p90Seconds } timeToContain { incidents meanSeconds p90Seconds }
        timeToResolve { incidents meanSeconds p90Seconds } quality { truePositives falsePositives benign precision }`),
    );
    expect(errors).toBeUndefined();
    const quality = { truePositives: 6, falsePositives: 3, benign: 0, precision: 6 / 9 };
    expect(data.statistics).toEqual({
      byStatus: [
        { status: "OPEN", incidents: 1 },
        { status: "RESOLVED", incidents: 9 },
      ],
      bySeverity: [{ severity: "HIGH", incidents: 10 }],
      byRule: [{ name: "Too many log-ins", incidents: 10, open: 1, quality }],
      byChannel: [{ name: "On call", kind: "EMAIL", alerts: 10, succeeded: 4, failed: 2, successRate: 4 / 6 }],
      timeToAcknowledge: { incidents: 9, meanSeconds: 6, p90Seconds: 9.2 },
      timeToContain: { incidents: 9, meanSeconds: 30, p90Seconds: 46 },
      timeToResolve: { incidents: 9, meanSeconds: 60, p90Seconds: 92 },
      quality,
    });
    const empty = await ask(
      statistics("byRule { name } byChannel { name } timeToResolve { incidents meanSeconds } quality { precision }"),
      { range: { from: at(-48), to: at(-24) } },
    );
    const none = { incidents: 0, meanSeconds: null };
    expect(empty.data.statistics).toEqual({
      byRule: [],
      byChannel: [],
      timeToResolve: none,
      quality: { precision: null },
    });
  });

  it("compare the range with the one of the same length before it", async () => {
    const trends = "trends { measure now before change }";
    const { data } = await ask(statistics(trends), { range: { from: at(24), to: at(48) } });
    const byMeasure = new Map(data.statistics.trends.map((one: { measure: string }) => [one.measure, one]));
    expect(byMeasure.get("OPENED")).toEqual({ measure: "OPENED", now: 0, before: 10, change: -1 });
    expect(byMeasure.get("MEAN_TIME_TO_RESOLVE")).toMatchObject({ now: null, before: 60, change: null });
    const first = await ask(statistics(trends));
    expect(first.data.statistics.trends[0]).toEqual({ measure: "OPENED", now: 10, before: 0, change: null });
  });

  it("report who read whose record, to those who may read the audit log", async () => {
    const fields = "phiAccessByUser { day actor reads patients } phiAccessByPatient { day patient reads users }";
    const { data } = await ask(statistics(fields));
    expect(data.statistics).toEqual({
      phiAccessByUser: [
        { day: today, actor: "ann@demo.example", reads: 2, patients: 2 },
        { day: today, actor: "bob@demo.example", reads: 1, patients: 1 },
      ],
      phiAccessByPatient: [
        { day: today, patient: "p1", reads: 3, users: 2 },
        { day: today, patient: "p2", reads: 1, users: 1 },
      ],
    });
    const refused = await ask(statistics(fields), { range }, ours, "ANALYST");
    expect(refused.errors[0].extensions.code).toBe("FORBIDDEN");
  });

  it("are the viewer's organization's own", async () => {
    const fields = `steps { opened } incidents { incidents } responseTimes { acknowledged } alertDelivery { alerts }
      topSubjects { key incidents } phiAccessByUser { actor } phiAccessByPatient { patient }`;
    const { data } = await ask(statistics(fields), { range }, theirs);
    expect(data.statistics).toEqual({
      steps: [{ opened: 3 }, { opened: 0 }, { opened: 0 }, { opened: 0 }],
      incidents: [{ incidents: 3 }],
      responseTimes: [{ acknowledged: 2 }],
      alertDelivery: [{ alerts: 3 }],
      topSubjects: [
        { key: "user1", incidents: 2 },
        { key: "user0", incidents: 1 },
      ],
      phiAccessByUser: [{ actor: "eve@other.example" }],
      phiAccessByPatient: [{ patient: "p9" }],
    });
  });

  it("every reporting view shows each organization its own rows and nobody without one any", async () => {
    const views = await test.asOwner<{ name: string; invoker: boolean }>(
      `SELECT relname AS name, 'security_invoker=true' = ANY(reloptions) AS invoker FROM pg_class
       WHERE relkind = 'v' AND relnamespace = 'public'::regnamespace ORDER BY 1`,
    );
    expect(views.length).toBeGreaterThanOrEqual(7);
    for (const { name, invoker } of views) {
      expect({ name, invoker }).toEqual({ name, invoker: true });
      for (const organization of [ours, theirs]) {
        const { rows } = await test.db.query<{ organization_id: string }>(
          organization,
          `SELECT DISTINCT organization_id FROM ${name}`,
        );
        expect({ name, rows }).toEqual({ name, rows: [{ organization_id: organization }] });
      }
      const { rows } = await test.db.query("", `SELECT 1 FROM ${name}`);
      expect({ name, rows }).toEqual({ name, rows: [] });
    }
  });

  it.each([
    [{ range: { from: at(1), to: at(1) } }, "PT1H"],
    [{ range: { from: at(0), to: at(24 * 401) } }, "P1D"],
    [{ range }, "PT1S"],
    [{ range }, "PT0S"],
  ])("refuse a range or an interval out of bounds: %j %s", async (variables, interval) => {
    const query = `query ($range: TimeRangeInput!) { statistics(range: $range, interval: "${interval}") { steps { at } } }`;
    expect((await ask(query, variables)).errors[0].extensions.code).toBe("BAD_USER_INPUT");
  });
});
