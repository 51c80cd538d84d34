/**
 * What each role opens of patients' records, as a reviewer of the minimum necessary (45 CFR 164.502(b)) asks: how many
 * patients' a day, and how many of them were not the user's. Counted from events, by the blind index of patients.
 *
 * From events, and not from a table of who opened whose record on which day: of 360,000 accesses among 960,000 events (50
 * people, 120 days, two thirds of the accesses different ones), 1.1 to 1.6 s of 9 to 12 were reading the events, the rest
 * comparing each access with those of 14 and 90 days before, which such a table needs as well. An index with all columns
 * made an eighth of the pages read of it (6,924 of 51,604), and the whole no faster; every batch of events would have paid.
 */
import type { Tx } from "../db.ts";
import { spelledOnce } from "../user-name.ts";

export interface RoleAccess {
  /** "" where neither events nor an import tell one. */
  role: string;
  users: number;
  /** Different ones. */
  patients: number;
  /** Days on which a user opened any, summed over users. */
  userDays: number;
  /** Different patients whose records one user opened on one day. */
  medianPerUserDay: number;
  p90PerUserDay: number;
  /** The share of those that were not the user's; 0 to 1. */
  outsideShare: number;
}

const lookBackDays = 90; // for a user's own earlier access

/** The days are those of the organization's time zone. What `programs`, by role, open makes no patient anybody's. */
export async function phiAccessByRole(
  tx: Tx,
  { from, to }: { from: Date; to: Date },
  programs: readonly string[],
): Promise<RoleAccess[]> {
  const { rows } = await tx.query<Record<keyof RoleAccess, string>>(
    `WITH zone AS (SELECT time_zone FROM organizations WHERE id = $1),
     touches AS (
       SELECT ${spelledOnce("coalesce(m.actor_name, m.actor_email, m.actor_id)")} AS who, max(m.actor_roles[1]) AS role,
         coalesce(m.patient_index, convert_to(m.patient_id, 'UTF8')) AS patient,
         (m.time AT TIME ZONE (SELECT time_zone FROM zone))::date AS day
       FROM realtime_monitoring m
       WHERE m.organization_id = $1 AND m.time >= $2::timestamptz - make_interval(days => ${lookBackDays}) AND m.time < $3
         AND m.outcome <> 'FAILURE' AND (m.patient_index IS NOT NULL OR m.patient_id IS NOT NULL)
         AND m.category NOT IN ('AUTHENTICATION', 'NETWORK', 'PROCESS')
         AND (m.actor_name IS NOT NULL OR m.actor_email IS NOT NULL OR m.actor_id IS NOT NULL)
       GROUP BY 1, 3, 4
     ),
     people AS MATERIALIZED (
       SELECT w.who, row_number() OVER ()::int AS n, coalesce(e.roles[1], e.department, '') AS role
       FROM (SELECT DISTINCT who FROM touches) w
       LEFT JOIN entities e ON e.organization_id = $1 AND e.kind = 'USER' AND e.key = w.who
     ),
     numbered AS (
       SELECT p.n AS who, coalesce(t.role, p.role) AS role, t.patient, t.day,
         (lower(coalesce(t.role, p.role)) <> ALL ($4::text[]))::int AS person
       FROM touches t JOIN people p USING (who)
     ),
     judged AS (
       SELECT who, role, patient, day, lag(day) OVER (PARTITION BY patient, who ORDER BY day) IS NULL
           AND sum(person) OVER (PARTITION BY patient ORDER BY day RANGE BETWEEN interval '14 days' PRECEDING AND CURRENT ROW)
           = sum(person) OVER (PARTITION BY patient, who ORDER BY day
             RANGE BETWEEN interval '14 days' PRECEDING AND CURRENT ROW) AS outside
       FROM numbered
     ),
     asked AS (
       SELECT * FROM judged WHERE day >= ($2::timestamptz AT TIME ZONE (SELECT time_zone FROM zone))::date
     ),
     days AS (SELECT role, who, day, count(*) AS patients FROM asked GROUP BY role, who, day),
     daily AS (
       SELECT role, count(*) AS user_days, percentile_cont(0.5) WITHIN GROUP (ORDER BY patients) AS median,
         percentile_cont(0.9) WITHIN GROUP (ORDER BY patients) AS p90
       FROM days GROUP BY role
     )
     SELECT role, count(DISTINCT who) AS users, count(DISTINCT patient) AS patients, max(user_days) AS "userDays",
       max(median) AS "medianPerUserDay", max(p90) AS "p90PerUserDay", avg(outside::int)::float8 AS "outsideShare"
     FROM asked JOIN daily USING (role) GROUP BY role ORDER BY patients DESC, role`,
    [tx.organizationId, from, to, programs],
  );
  return rows.map((row) => ({
    role: row.role,
    users: Number(row.users),
    patients: Number(row.patients),
    userDays: Number(row.userDays),
    medianPerUserDay: Number(row.medianPerUserDay),
    p90PerUserDay: Number(row.p90PerUserDay),
    outsideShare: Number(row.outsideShare),
  }));
}
