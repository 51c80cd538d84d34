/** How long alerts take from what was detected to their receiver: the proof that the objective is kept. */
import type { Database } from "../db.ts";
import type { AlertPriority } from "../generated/prisma/client.ts";

/** 30 seconds: 99 of 100 alerts that are CRITICAL have been taken by then. */
export const objectiveMs = 30_000;

export interface DeliveryTimes {
  priority: AlertPriority;
  /** Those that were taken. */
  alerts: number;
  /** Half of them took no longer, ms. */
  p50Ms: number;
  /** 99 of 100 took no longer, ms. */
  p99Ms: number;
  /** The share of them that took no longer than the objective, 0 to 1. */
  withinObjective: number;
}

/**
 * From the change of the incident (an alert is written in the transaction of its detection) to when the receiver confirmed it,
 * or, where none confirms, the provider took it; the most urgent first. Of alerts decided in the range about changes of incidents;
 * what was held or put into a group waited on purpose, and counts with it. Steps of escalations, repetitions and tests are left out.
 */
export async function deliveryTimes(
  db: Pick<Database, "query">,
  organizationId: string,
  { from, to }: { from: Date; to: Date },
): Promise<DeliveryTimes[]> {
  const { rows } = await db.query<DeliveryTimes & Record<string, unknown>>(organizationId, {
    name: "alert_delivery_times",
    text: `SELECT priority, count(*)::int AS alerts, count(*) FILTER (WHERE took <= ${objectiveMs})::float8 / count(*) AS "withinObjective",
        percentile_disc(0.5) WITHIN GROUP (ORDER BY took) AS "p50Ms", percentile_disc(0.99) WITHIN GROUP (ORDER BY took) AS "p99Ms"
      FROM (SELECT priority, priority_rank, extract(epoch FROM coalesce(delivered_at, sent_at) - created_at)::float8 * 1000 AS took
        FROM security_alerts WHERE organization_id = $1 AND created_at >= $2 AND created_at < $3 AND sent_at IS NOT NULL
          AND kind IN ('OPENED', 'RAISED', 'REOPENED', 'BREACHED', 'RESOLVED')) a
      GROUP BY priority, priority_rank ORDER BY priority_rank DESC`,
    values: [organizationId, from, to],
  });
  return rows;
}

const lately = 3_600_000; // 1 hour

/** Of what is CRITICAL within the last hour; undefined: nothing was. */
export async function criticalTimes(
  db: Pick<Database, "query">,
  organizationId: string,
  now: number,
): Promise<DeliveryTimes | undefined> {
  const range = { from: new Date(now - lately), to: new Date(now + 1) };
  return (await deliveryTimes(db, organizationId, range)).find(({ priority }) => priority === "CRITICAL");
}
