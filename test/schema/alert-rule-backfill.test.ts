import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { backfill } from "../../src/commands/backfill.ts";
import { type TestServer, testServer } from "../support/server.ts";

let server: TestServer;
beforeAll(async () => {
  server = await testServer({});
});
afterAll(() => server.close());

// biome-ignore lint/suspicious/noExplicitAny: each test says by its query what comes back
async function ask(query: string, variables: object = {}, as?: string): Promise<any> {
  const { data, errors } = await server.query(query as never, variables as never, as);
  if (errors) throw new Error(errors.map(({ message, extensions }) => `${extensions.code} ${message}`).join("; "));
  return data;
}
const fill = async (input: object) =>
  (
    await ask(
      `mutation ($input: AlertRuleBackfillInput!) { alertRuleBackfill(input: $input) { alertRule { name } eventsRead stored grown known
        incidentsOpened detections { explanation } done cursor userErrors { code message path } } }`,
      { input: { range: range(), ...input } },
    )
  ).alertRuleBackfill;
const range = () => ({
  from: new Date(Date.now() - 3_600_000).toISOString(),
  to: new Date(Date.now() + 60_000).toISOString(),
});
const importRule = (yaml: string, mode: string) =>
  ask(
    "mutation ($input: AlertRulesImportInput!) { alertRulesImport(input: $input) { imported rejected { message } } }",
    {
      input: { yaml, mode },
    },
  );
const ruleId = async (name: string): Promise<string> => {
  const { alertRules } = await ask("{ alertRules(first: 100) { nodes { id name } } }");
  return alertRules.nodes.find((node: { name: string }) => node.name === name).id;
};
const stored = () =>
  server.database.asOwner(
    "SELECT id, rule_id, event_count, first_event_at, last_event_at, incident_id, explanation FROM detections ORDER BY id",
  );
const incidents = () =>
  server.database.asOwner(
    "SELECT id, number, status, event_count, detection_count FROM security_incidents ORDER BY id",
  );

const bots = `
title: Bots
name: bots
logsource: {}
level: high
detection:
  s: { event.action: crawl }
  condition: s
`;
const manyBots = `
title: Many bots
level: high
correlation:
  type: event_count
  rules: [bots]
  group-by: [source.ip]
  timespan: 10m
  condition: { gte: 3 }
`;
const crawl = (ip: string, times: number) =>
  server.ingest(Array.from({ length: times }, () => JSON.stringify({ action: "crawl", source: { ip } })).join("\n"));

describe("alertRuleBackfill", () => {
  it("D12 stores what a rule missed while it was disabled, with its incident; again, it changes nothing", async () => {
    await importRule(`${bots}---\n${manyBots}`, "DISABLED");
    await crawl("203.0.113.1", 5);
    expect(await stored()).toEqual([]);
    await importRule(`${bots}---\n${manyBots}`, "ACTIVE");
    const id = await ruleId("Many bots");
    const dry = await fill({ ruleId: id, dryRun: true });
    expect(dry).toMatchObject({ stored: 1, incidentsOpened: 0, done: true, userErrors: [] });
    expect(await stored()).toEqual([]);
    const risk = async () => (await ask('{ entity(kind: ADDRESS, key: "203.0.113.1") { risk } }')).entity?.risk ?? 0;
    expect(await risk()).toBe(0);
    const filled = await fill({ ruleId: id });
    expect(await risk()).toBeCloseTo(73 / 2.612, 1);
    expect(filled).toMatchObject({ alertRule: { name: "Many bots" }, eventsRead: 5, stored: 1, incidentsOpened: 1 });
    expect(filled.detections[0].explanation).toContain("203.0.113.1");
    const [detections, opened] = [await stored(), await incidents()];
    expect(detections).toMatchObject([{ event_count: 5 }]);
    expect(opened).toMatchObject([{ event_count: 5, detection_count: 1 }]);
    expect(await fill({ ruleId: id })).toMatchObject({ stored: 0, grown: 0, known: 1, incidentsOpened: 0 });
    expect([await stored(), await incidents()]).toEqual([detections, opened]);
    expect(await risk()).toBeCloseTo(73 / 2.612, 1); // scored once
  });

  it("opens no second incident where people have resolved the first", async () => {
    const id = await ruleId("Many bots");
    const { incidents: open } = await ask("{ incidents(first: 1) { nodes { id } } }");
    await ask(
      "mutation ($id: ID!, $input: IncidentResolveInput!) { incidentResolve(id: $id, input: $input) { userErrors { message } } }",
      { id: open.nodes[0].id, input: { resolution: "BENIGN", reason: "our own crawler" } },
    );
    expect(await fill({ ruleId: id })).toMatchObject({ stored: 0, incidentsOpened: 0 });
    expect(await incidents()).toMatchObject([{ status: "RESOLVED" }]);
  });

  it("makes a stored detection whole that saw only the end of a storm", async () => {
    await importRule(`${bots}---\n${manyBots}`, "DISABLED");
    await crawl("203.0.113.2", 4);
    await importRule(`${bots}---\n${manyBots}`, "ACTIVE");
    await crawl("203.0.113.2", 3);
    const ours = async () => (await stored()).filter((row) => String(row.explanation).includes("203.0.113.2"));
    // What a server that did not fill the windows of a new rule would have stored.
    await server.database.asOwner("UPDATE detections SET event_count = 3 WHERE explanation LIKE '%203.0.113.2%'");
    expect(await ours()).toMatchObject([{ event_count: 3 }]);
    const id = await ruleId("Many bots");
    const { stored: fresh, grown } = await fill({ ruleId: id });
    expect(fresh + grown).toBe(1);
    const after = await ours();
    expect(after.reduce((sum, row) => Math.max(sum, Number(row.event_count)), 0)).toBe(7);
    expect(await fill({ ruleId: id })).toMatchObject({ stored: 0, grown: 0 });
    expect(await ours()).toEqual(after);
  });

  it("is audited before it stores, and in each transaction that does", async () => {
    const entries = await server.database.asOwner<{ action: string; actor: string }>(
      "SELECT action, actor FROM security_audit_log WHERE action IN ('BACKFILL_STARTED', 'DETECTIONS_BACKFILLED') ORDER BY seq",
    );
    expect(entries.slice(0, 3).map(({ action }) => action)).toEqual([
      "BACKFILL_STARTED",
      "BACKFILL_STARTED",
      "DETECTIONS_BACKFILLED",
    ]);
    expect(new Set(entries.map(({ actor }) => actor))).toEqual(new Set(["tester"]));
  });

  it("refuses a disabled rule, a rule that cannot run and an unknown one", async () => {
    await importRule(bots.replace(/bots/gi, "spiders"), "DISABLED");
    expect((await fill({ ruleId: await ruleId("spiders") })).userErrors).toMatchObject([{ code: "CONFLICT" }]);
    const nobody = Buffer.from("AlertRule:00000000-0000-7000-8000-000000000000").toString("base64");
    expect((await fill({ ruleId: nobody })).userErrors).toMatchObject([{ code: "NOT_FOUND" }]);
  });

  it("runs from the command line, over every rule that is not disabled", async () => {
    const since = Date.now() - 3_600_000;
    const lines: string[] = [];
    const run = (rule?: string) => {
      const options = { since, until: Date.now() + 60_000, dryRun: false, ...(rule ? { rule } : {}) };
      return backfill(server.app, server.ours, options, (line) => lines.push(line));
    };
    await run();
    await run("Many bots");
    expect(lines.at(-1)).toMatch(/^12 events: 0 detections stored, 0 grown, [12] known before, 0 incidents opened$/);
    await expect(run("nobody's")).rejects.toThrow(`There is no rule "nobody's".`);
  });
});

describe("a stored rule that cannot run", () => {
  it("says why, in alertRule and in status", async () => {
    const id = await ruleId("Many bots");
    const question = `query ($id: ID!) { alertRule(id: $id) { fault } status { ok parts { name ok detail } } }`;
    expect((await ask(question, { id })).alertRule).toEqual({ fault: null });
    // The rule that it counts vanishes, as a later change may make it.
    await server.database.asOwner("DELETE FROM alert_rules WHERE reference = 'bots' AND organization_id = $1", [
      server.ours,
    ]);
    await server.database.asOwner("UPDATE organizations SET rules_version = rules_version + 1");
    const { alertRule, status } = await ask(question, { id });
    expect(alertRule.fault).toBe("there is no rule with the id or name `bots`");
    expect(status.ok).toBe(false);
    expect(status.parts.find(({ name }: { name: string }) => name === "rules").detail).toMatch(/^1 cannot run/);
    expect((await fill({ ruleId: id })).userErrors[0].message).toContain("The rule cannot run: there is no rule");
  });
});
