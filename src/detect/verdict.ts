/**
 * What a person says of a detection that is in no incident: a weak sign, or one of a rule in MONITOR. What is in an
 * incident is judged with it.
 */
import type { Tx } from "../db.ts";
import { VigilError } from "../errors.ts";

/** Of an incident's resolutions those that say something of a single detection. */
const verdicts = ["TRUE_POSITIVE", "POLICY_VIOLATION", "FALSE_POSITIVE", "BENIGN", "USER_CONFIRMED"];

interface JudgedRow extends Record<string, unknown> {
  resolution: string | null;
  incident: number | null;
}

/** The caller holds the organization's turn. Errors: BAD_USER_INPUT, NOT_FOUND, CONFLICT. */
export async function judgeDetection(
  tx: Tx,
  id: string,
  { resolution, actor, now }: { resolution: string; actor: string; now: number },
): Promise<void> {
  if (!verdicts.includes(resolution)) {
    const message = `A detection is ${verdicts.join(", ")}; ${resolution} says nothing of it.`;
    throw new VigilError("BAD_USER_INPUT", message, { path: ["input", "resolution"] });
  }
  const { resolution: before, incident } = await lockDetection(tx, id);
  if (incident !== null) {
    const message = `The detection is a part of incident #${incident}: resolve that one.`;
    throw new VigilError("CONFLICT", message, { path: ["id"] });
  }
  if (before !== null) {
    const message = `The detection was judged before: ${before}. Take that back first.`;
    throw new VigilError("CONFLICT", message, { path: ["id"] });
  }
  await tx.query(
    `UPDATE detections SET resolution = $3, resolved_by = $4, resolved_at = $5, updated_at = $5
     WHERE organization_id = $1 AND id = $2`,
    [tx.organizationId, id, resolution, actor, new Date(now)],
  );
}

/** Answers what had been said. The caller holds the organization's turn. Errors: NOT_FOUND, CONFLICT. */
export async function takeBackVerdict(tx: Tx, id: string, now: number): Promise<string> {
  const { resolution } = await lockDetection(tx, id);
  if (resolution === null) throw new VigilError("CONFLICT", "Nobody has judged the detection.", { path: ["id"] });
  await tx.query(
    `UPDATE detections SET resolution = NULL, resolved_by = NULL, resolved_at = NULL, updated_at = $3
     WHERE organization_id = $1 AND id = $2`,
    [tx.organizationId, id, new Date(now)],
  );
  return resolution;
}

/** Of those detections, which have grown, the ones that were said to be nothing are judged no longer; answers which. */
export async function dropVerdicts(tx: Tx, ids: readonly string[], now: number): Promise<string[]> {
  const { rows } = await tx.query<{ id: string }>({
    name: "drop_verdicts",
    text: `UPDATE detections SET resolution = NULL, resolved_by = NULL, resolved_at = NULL, updated_at = $3
      WHERE organization_id = $1 AND id = ANY ($2) AND resolution IN ('FALSE_POSITIVE', 'USER_CONFIRMED') RETURNING id`,
    values: [tx.organizationId, ids, new Date(now)],
  });
  return rows.map(({ id }) => id);
}

async function lockDetection(tx: Tx, id: string): Promise<JudgedRow> {
  const { rows } = await tx.query<JudgedRow>(
    `SELECT d.resolution, i.number AS incident FROM detections d
     LEFT JOIN security_incidents i ON i.organization_id = d.organization_id AND i.id = d.incident_id
     WHERE d.organization_id = $1 AND d.id = $2 FOR UPDATE OF d`,
    [tx.organizationId, id],
  );
  const [row] = rows;
  if (!row) throw new VigilError("NOT_FOUND", "There is no such detection.", { path: ["id"] });
  return row;
}
