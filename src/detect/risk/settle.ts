/** Which thresholds refreshed scores have crossed, written down with each entity so that a crossing is told once. */
import type { Tx } from "../../db.ts";
import { judgeLevel, type RiskLevel, thresholdOf } from "./level.ts";

/** A row of refresh_risk() and contribute_risk(). */
export interface RefreshedRow {
  entity_id: string;
  kind: string;
  key: string;
  risk: number;
  level: RiskLevel | null;
  criticality: number;
  high_at: number;
  critical_at: number;
}

/** An entity's score that has passed a threshold of the organization, upward. */
export interface Crossing {
  kind: string;
  key: string;
  risk: number;
  criticality: number;
  level: RiskLevel;
  threshold: number;
}

/** Only users and addresses have levels: the organization's own score raises nothing. `standing`: who had crossed before. */
export async function settleLevels(
  tx: Tx,
  rows: readonly RefreshedRow[],
): Promise<{ crossings: Crossing[]; standing: Crossing[] }> {
  const crossings: Crossing[] = [];
  const standing: Crossing[] = [];
  const changed: { id: string; level: RiskLevel | null }[] = [];
  for (const { entity_id, kind, key, risk, level, criticality, high_at, critical_at } of rows) {
    if (kind !== "USER" && kind !== "ADDRESS") continue;
    const thresholds = { high: high_at, critical: critical_at };
    const verdict = judgeLevel(level, risk, thresholds);
    if (verdict.level) {
      const threshold = thresholdOf(verdict.level, thresholds);
      const one = { kind, key, risk, criticality, level: verdict.level, threshold };
      (verdict.move === "RISES" ? crossings : standing).push(one);
    }
    if (verdict.move !== "STAYS") changed.push({ id: entity_id, level: verdict.level });
  }
  if (changed.length > 0) {
    await tx.query(
      `UPDATE entities e SET risk_level = c.level FROM unnest($2::uuid[], $3::severity[]) AS c(id, level)
       WHERE e.organization_id = $1 AND e.id = c.id`,
      [tx.organizationId, changed.map(({ id }) => id), changed.map(({ level }) => level)],
    );
  }
  return { crossings, standing };
}
