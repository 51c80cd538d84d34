/** Contributions as they are stored. */
import type { Database, Tx } from "../../db.ts";
import { type Contribution, mostContributions, pointsOf, windowMs } from "../risk.ts";
import type { EntityName } from "./contribute.ts";

export interface StoredContribution extends Contribution {
  detectionId: string;
  ruleId: string;
  /** The rule's title when it fired. */
  reason: string;
}

type Reader = Pick<Tx, "query">;

/** What an entity's score is made of at `now`: what counts, the greatest first. */
export async function readContributions(
  { query }: Reader,
  organizationId: string,
  { kind, key }: EntityName,
  now: number,
): Promise<StoredContribution[]> {
  const { rows } = await query<Omit<StoredContribution, "at"> & { at: Date }>(
    `SELECT detection_id AS "detectionId", rule_id AS "ruleId", weight::float8 AS weight, at, reason FROM risk_contributions
     WHERE organization_id = $1 AND entity_kind = $2 AND entity_key = $3 AND withdrawn_at IS NULL AND at > $4
     ORDER BY rank DESC LIMIT ${mostContributions}`,
    [organizationId, kind, key, new Date(now - windowMs)],
  );
  return rows.map((row) => ({ ...row, at: row.at.getTime() }));
}

/** The exact scores at `now` of many entities in one statement, in their order. */
export async function risksAt(
  db: Pick<Database, "query">,
  organizationId: string,
  entities: readonly EntityName[],
  now: number,
): Promise<number[]> {
  const { rows } = await db.query<EntityName & { risk: number } & Record<string, unknown>>(
    organizationId,
    "SELECT * FROM entity_risks($1, $2, $3)",
    [entities.map(({ kind }) => kind), entities.map(({ key }) => key), new Date(now)],
  );
  const risks = new Map(rows.map(({ kind, key, risk }) => [`${kind} ${key}`, risk]));
  return entities.map(({ kind, key }) => risks.get(`${kind} ${key}`) ?? 0);
}

/** "31 Impossible travel, 22 Many failed log-ins and 3 more" */
export function partsInWords(contributions: readonly StoredContribution[], now: number, criticality: number): string {
  const points = pointsOf(contributions, now, criticality);
  const byReason = new Map<string, number>();
  contributions.forEach(({ reason }, index) => {
    byReason.set(reason, (byReason.get(reason) ?? 0) + (points[index] as number));
  });
  const sorted = [...byReason].sort((a, b) => b[1] - a[1]);
  const told = sorted.slice(0, 3).map(([reason, part]) => `${Math.round(part)} ${reason}`);
  return told.join(", ") + (sorted.length > 3 ? ` and ${sorted.length - 3} more` : "");
}
