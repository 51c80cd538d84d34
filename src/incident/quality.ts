/**
 * How good rules are: what became of the incidents they opened and of the detections in none that people have judged, and
 * what a rule in MONITOR would have opened.
 */
import type { Database } from "../db.ts";

export interface Judged {
  /** Incidents resolved, and detections judged, as TRUE_POSITIVE or POLICY_VIOLATION. */
  truePositives: number;
  /** As FALSE_POSITIVE. */
  falsePositives: number;
  /** As BENIGN or USER_CONFIRMED: it happened, and was harmless. */
  benign: number;
}

export interface WeekQuality extends Judged {
  from: Date;
}

export interface RuleQuality extends Judged {
  open: number;
  /** One a week that ends a whole number of weeks before now, oldest first. */
  weeks: WeekQuality[];
  monitorDetections: number;
  /** An incident a subject: as though each stayed open. Weak signs open none. */
  monitorIncidents: number;
}

const weekMs = 604_800_000;

interface CountedRow {
  rule_id: string;
  /** Weeks before now; -1: the detections of MONITOR. */
  week: number;
  good: number;
  wrong: number;
  harmless: number;
  open: number;
}

/** The share of what was judged that somebody had to act on; undefined: none was judged. */
export function precisionOf({ truePositives, falsePositives, benign }: Judged): number | undefined {
  const judged = truePositives + falsePositives + benign;
  return judged === 0 ? undefined : truePositives / judged;
}

/** Of the incidents opened and the detections made in the `weeks` before `now`, for many rules in one statement. */
export async function qualityOf(
  db: Pick<Database, "query">,
  organizationId: string,
  ruleIds: readonly string[],
  { now, weeks }: { now: number; weeks: number },
): Promise<Map<string, RuleQuality>> {
  const { rows } = await db.query<CountedRow & Record<string, unknown>>(
    organizationId,
    `SELECT rule_id, least(floor(extract(epoch FROM $3::timestamptz - created_at) / 604800), $5 - 1)::int AS week,
       count(*) FILTER (WHERE resolution IN ('TRUE_POSITIVE', 'POLICY_VIOLATION'))::int AS good,
       count(*) FILTER (WHERE resolution = 'FALSE_POSITIVE')::int AS wrong,
       count(*) FILTER (WHERE resolution IN ('BENIGN', 'USER_CONFIRMED'))::int AS harmless,
       count(*) FILTER (WHERE open_fingerprint IS NOT NULL)::int AS open
     FROM security_incidents
     WHERE organization_id = $1 AND rule_id = ANY ($2) AND created_at > $4 AND created_at <= $3 GROUP BY 1, 2
     UNION ALL
     SELECT rule_id, least(floor(extract(epoch FROM $3::timestamptz - created_at) / 604800), $5 - 1)::int,
       count(*) FILTER (WHERE resolution IN ('TRUE_POSITIVE', 'POLICY_VIOLATION'))::int,
       count(*) FILTER (WHERE resolution = 'FALSE_POSITIVE')::int,
       count(*) FILTER (WHERE resolution IN ('BENIGN', 'USER_CONFIRMED'))::int, 0
     FROM detections
     WHERE organization_id = $1 AND rule_id = ANY ($2) AND created_at > $4 AND created_at <= $3
       AND resolution IS NOT NULL AND incident_id IS NULL GROUP BY 1, 2
     UNION ALL
     SELECT rule_id, -1, count(*)::int, count(DISTINCT fingerprint) FILTER (WHERE NOT weak)::int, 0, 0 FROM detections
     WHERE organization_id = $1 AND rule_id = ANY ($2) AND mode = 'MONITOR' AND created_at > $4 AND created_at <= $3
     GROUP BY 1`,
    [organizationId, ruleIds, new Date(now), new Date(now - weeks * weekMs), weeks],
  );
  const qualities = new Map(ruleIds.map((id) => [id, emptyQuality(now, weeks)]));
  for (const { rule_id, week, good, wrong, harmless, open } of rows) {
    const quality = qualities.get(rule_id) as RuleQuality;
    if (week < 0) {
      quality.monitorDetections = good;
      quality.monitorIncidents = wrong;
      continue;
    }
    quality.open += open;
    for (const sum of [quality, quality.weeks[weeks - 1 - week] as WeekQuality]) {
      sum.truePositives += good;
      sum.falsePositives += wrong;
      sum.benign += harmless;
    }
  }
  return qualities;
}

function emptyQuality(now: number, weeks: number): RuleQuality {
  const none = { truePositives: 0, falsePositives: 0, benign: 0 };
  const from = (week: number): Date => new Date(now - (weeks - week) * weekMs);
  const steps = Array.from({ length: weeks }, (_, week) => ({ from: from(week), ...none }));
  return { ...none, open: 0, weeks: steps, monitorDetections: 0, monitorIncidents: 0 };
}
