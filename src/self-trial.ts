/**
 * One event on its way from validation to the alert that is to be sent, in a transaction that is undone: a rule finds it, an
 * incident is opened for it and routed. Nobody is told, and no figure moves.
 */
import { v7 as uuidv7 } from "uuid";
import { routeAlerts } from "./alert/route-alerts.ts";
import type { Database, Tx } from "./db.ts";
import { compileRules } from "./detect/compile.ts";
import { createDetector } from "./detect/detector.ts";
import { riskBySeverity } from "./detect/risk.ts";
import { correlate } from "./incident/correlate.ts";
import { entriesOf } from "./incident/entry.ts";
import { stamp, validateAll } from "./ingest/accept.ts";
import { insertEvents } from "./ingest/write.ts";

class Undone extends Error {}

const yaml = `title: Heartbeat
logsource: { product: vigil, service: heartbeat }
detection: { beat: { event.action: heartbeat.trial }, condition: beat }
level: low
`;

/** Throws what does not work, with the station where it stopped. */
export async function tryTheWay(
  db: Pick<Database, "inOrganization">,
  organizationId: string,
  now: number,
): Promise<void> {
  const undone = db.inOrganization(organizationId, async (tx) => {
    await goTheWay(tx, now);
    throw new Undone();
  });
  await undone.catch((error: Error) => {
    if (!(error instanceof Undone)) throw error;
  });
}

async function goTheWay(tx: Tx, now: number): Promise<void> {
  const sent = { action: "heartbeat.trial", category: "OTHER", logsource: { product: "vigil", service: "heartbeat" } };
  const { drafts, rejected } = await validateAll([sent], now);
  if (rejected[0]) throw new Error(`the event was refused: ${rejected[0].message}`);
  const events = stamp(drafts, now);
  await insertEvents(
    tx,
    events.map((clear) => ({ clear })),
  );
  const ruleId = uuidv7({ msecs: now });
  const rule = { id: ruleId, revision: 1, mode: "ACTIVE" as const, yaml };
  await tx.query(
    `INSERT INTO alert_rules (organization_id, id, name, reference, kind, mode, severity, tags, yaml)
     VALUES ($1, $2, 'Heartbeat', $2::uuid::text, 'DETECTION', 'ACTIVE', 'LOW', '{}', $3)`,
    [tx.organizationId, ruleId, yaml],
  );
  const { ruleSet, errors } = compileRules([rule]);
  if (errors[0]) throw new Error(`the rule does not compile: ${errors[0].message}`);
  const { detections } = await createDetector({ ruleSet }).evaluate(events);
  if (detections.length !== 1) throw new Error("the rule does not find the event");
  await giveChannel(tx, now);
  await correlate(tx, detections, now, riskBySeverity);
  await routeAlerts(tx, entriesOf(tx), now);
  const { rows } = await tx.query(
    `SELECT FROM security_alerts a JOIN security_incidents i ON i.organization_id = $1 AND i.id = a.incident_id
     WHERE a.organization_id = $1 AND i.rule_id = $2`,
    [tx.organizationId, ruleId],
  );
  if (rows.length === 0) throw new Error("no alert was written for the incident");
}

/** A channel and a first route to it, which are undone with the rest: whatever the organization has set up, somebody is to be told. */
async function giveChannel(tx: Tx, now: number): Promise<void> {
  const values = [tx.organizationId, uuidv7({ msecs: now }), new Date(now)];
  await tx.query(
    `INSERT INTO alert_channels (organization_id, id, kind, name, config, created_at, updated_at)
     VALUES ($1, $2, 'WEBHOOK', 'vigil:heartbeat ' || $2::uuid, '{"ownReceiver": true}', $3, $3)`,
    values,
  );
  await tx.query(
    `INSERT INTO alert_routes (organization_id, id, name, position, matchers, group_by, created_at, updated_at)
     VALUES ($1, $2, 'vigil:heartbeat ' || $2::uuid, -1, '[]', '{}', $3, $3)`,
    values,
  );
  await tx.query(
    "INSERT INTO alert_route_channels (organization_id, route_id, channel_id) VALUES ($1, $2, $2)",
    values.slice(0, 2),
  );
}
