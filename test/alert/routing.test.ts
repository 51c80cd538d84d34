/** Alerts in the transaction of the change, over the real server: what is routed, held, told later, escalated. */
import { v7 as uuidv7 } from "uuid";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { escalateDue, onUndeliverable } from "../../src/alert/escalate.ts";
import { routeAlerts } from "../../src/alert/route-alerts.ts";
import type { Tx } from "../../src/db.ts";
import { entriesOf } from "../../src/incident/entry.ts";
import { acknowledgeIncident, resolveIncident } from "../../src/incident/change.ts";
import { attack, attackRules } from "../respond/incidents.ts";
import { type TestServer, testServer } from "../support/server.ts";

let server: TestServer;
let now = Date.now();
let ours: string;
let ip = 0;

beforeAll(async () => {
  server = await testServer({ now: () => now });
  ours = server.ours;
  await attackRules(server);
});
afterAll(() => server.close());
beforeEach(async () => {
  for (const table of ["security_alerts", "alert_route_channels"]) await sql(`DELETE FROM ${table}`);
  await sql("UPDATE escalations SET state = 'ENDED', due_at = NULL, ended_at = now() WHERE state <> 'ENDED'");
  await sql("UPDATE alert_routes SET removed_at = now(), name = id::text WHERE removed_at IS NULL");
  await sql("UPDATE alert_channels SET removed_at = now(), name = id::text WHERE removed_at IS NULL");
  await sql("UPDATE silences SET ends_at = starts_at + interval '1 ms'");
});

/** As the tables' owner, for some are never changed by the server. */
async function sql<R extends object>(text: string, values: unknown[] = []): Promise<R[]> {
  return (await server.database.owner(text, values)).rows as R[];
}

async function channel(name: string, more: { kind?: string; to?: string[] } = {}): Promise<string> {
  const id = uuidv7();
  await sql("INSERT INTO alert_channels (organization_id, id, kind, name, config) VALUES ($1, $2, $3, $4, $5)", [
    ours,
    id,
    more.kind ?? "WEBHOOK",
    name,
    JSON.stringify(more.to ? { to: more.to } : {}),
  ]);
  return id;
}

async function incident(level = "critical"): Promise<{ id: string; ip: string }> {
  const address = `203.0.113.${++ip}`;
  await attack(server, [{ ip: address, level }]);
  const [row] = await sql<{ id: string }>(
    "SELECT id FROM security_incidents WHERE organization_id = $1 AND subjects @> $2 ORDER BY number DESC LIMIT 1",
    [ours, JSON.stringify([{ kind: "ADDRESS", key: address }])],
  );
  if (!row) throw new Error(JSON.stringify(await sql("SELECT subjects FROM security_incidents")));
  return { id: row.id, ip: address };
}

const alerts = (incidentId: string) =>
  sql<{ id: string; kind: string; status: string; priority: string; channel_id: string; recipient: string; held_by: { kind: string; reason: string }[]; due_at: Date | null }>(
    "SELECT * FROM security_alerts WHERE incident_id = $1 ORDER BY created_at, kind, recipient",
    [incidentId],
  );

describe("routing", () => {
  it("tells every channel when nothing is configured, in the transaction of the batch", async () => {
    const hook = await channel("hook");
    await channel("mail", { kind: "EMAIL", to: ["a@clinic.example", "b@clinic.example"] });
    const { id } = await incident();
    const told = await alerts(id);
    expect(told.map(({ recipient }) => recipient)).toEqual(["", "a@clinic.example", "b@clinic.example"]);
    expect(told[0]).toMatchObject({ kind: "OPENED", status: "QUEUED", priority: "CRITICAL", channel_id: hook });
  });
});
