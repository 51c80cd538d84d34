/** The weekly digest: what the week behind was like, for everybody who works on incidents. */
import type { Tx } from "../db.ts";
import { type Notice, notify } from "../publish/notify.ts";

const day = 86_400_000;
const readers = ["ADMIN", "RESPONDER", "ANALYST", "AUDITOR"];

/**
 * The Monday, as `2026-11-30`, whose digest is due: from eight in the morning there, and until the end of Tuesday for
 * servers that were down. Undefined: none is.
 */
export function digestDue(now: number, timeZone: string): string | undefined {
  const parts = new Intl.DateTimeFormat("en-CA", {
    timeZone,
    weekday: "short",
    hour: "2-digit",
    hourCycle: "h23",
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
  }).formatToParts(now);
  const of = (type: string): string => parts.find((part) => part.type === type)?.value ?? "";
  const date = `${of("year")}-${of("month")}-${of("day")}`;
  if (of("weekday") === "Mon") return Number(of("hour")) >= 8 ? date : undefined;
  if (of("weekday") !== "Tue") return undefined;
  return new Date(Date.parse(`${date}T00:00:00Z`) - day).toISOString().slice(0, 10);
}

export interface Week {
  opened: number;
  severe: number;
  resolved: number;
  falsePositives: number;
  open: number;
  breached: number;
  actions: number;
  failedAlerts: number;
}

/** What the digest says: counts only, so that anybody may carry it. */
export function digestWords(week: Week): string {
  const { opened, severe, resolved, falsePositives, open, breached, actions, failedAlerts } = week;
  const many = (count: number, one: string, more = `${one}s`): string => `${count} ${count === 1 ? one : more}`;
  return [
    `${many(opened, "incident")} opened, ${severe} of them HIGH or CRITICAL.`,
    `${many(resolved, "incident")} resolved, ${falsePositives} of them as false alarms.`,
    `${open} open now${breached > 0 ? `, ${breached} of them overdue` : ""}.`,
    `${many(actions, "action")} done in response.`,
    failedAlerts > 0
      ? `${many(failedAlerts, "alert was", "alerts were")} not delivered.`
      : "Every alert was delivered or is on its way.",
  ].join("\n");
}

/** Writes the digest where it is due and was not written; answers whether it is due. */
export async function writeDigest(tx: Tx, now: number): Promise<boolean> {
  const { rows: own } = await tx.query<{ timeZone: string }>(
    `SELECT time_zone AS "timeZone" FROM organizations WHERE id = $1`,
    [tx.organizationId],
  );
  const monday = digestDue(now, own[0]?.timeZone ?? "UTC");
  if (monday === undefined) return false;
  const { rows: known } = await tx.query(
    "SELECT FROM security_notifications WHERE organization_id = $1 AND kind = 'digest.weekly' AND created_at > $2 LIMIT 1",
    [tx.organizationId, new Date(now - 3 * day)],
  );
  if (known.length > 0) return true;
  const { rows } = await tx.query<Week>(
    `SELECT
      (SELECT count(*) FROM security_incidents WHERE organization_id = $1 AND opened_at > $2)::int AS opened,
      (SELECT count(*) FROM security_incidents WHERE organization_id = $1 AND opened_at > $2 AND severity IN ('HIGH', 'CRITICAL'))::int AS severe,
      (SELECT count(*) FROM security_incidents WHERE organization_id = $1 AND resolved_at > $2)::int AS resolved,
      (SELECT count(*) FROM security_incidents WHERE organization_id = $1 AND resolved_at > $2 AND resolution = 'FALSE_POSITIVE')::int AS "falsePositives",
      (SELECT count(*) FROM security_incidents WHERE organization_id = $1 AND open_fingerprint IS NOT NULL)::int AS open,
      (SELECT count(*) FROM security_incidents WHERE organization_id = $1 AND open_fingerprint IS NOT NULL AND breached_clocks <> '{}')::int AS breached,
      (SELECT count(*) FROM incident_actions WHERE organization_id = $1 AND applied_at > $2)::int AS actions,
      (SELECT count(*) FROM security_alerts WHERE organization_id = $1 AND status = 'FAILED' AND created_at > $2)::int AS "failedAlerts"`,
    [tx.organizationId, new Date(now - 7 * day)],
  );
  const notice: Notice = {
    cause: `digest ${monday}`,
    kind: "digest.weekly",
    to: { roles: readers },
    priority: "NORMAL",
    title: `Your week until ${monday}`,
    body: digestWords(rows[0] as Week),
    incidentId: null,
    expiresAt: now + 14 * day,
  };
  await notify(tx, [notice], now);
  return true;
}
