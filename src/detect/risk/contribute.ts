/** What detections add to the threat scores of users, addresses and the organization, in the transaction that stores them. */
import type { Tx } from "../../db.ts";
import type { DetectionDraft } from "../detection.ts";
import { riskBySeverity } from "../risk.ts";
import { type Crossing, settleLevels } from "./settle.ts";

/** An entity by its name; the organization is `{kind: "ORGANIZATION", key: ""}`. */
export interface EntityName {
  kind: string;
  key: string;
}

export const organizationEntity: EntityName = { kind: "ORGANIZATION", key: "" };

const longestKey = 1_024; // bytes: what the table holds; a longer name is nobody's

/** To whom a detection contributes: the users and addresses it is about, and always the organization. */
export function contributesTo({ mode, subjects }: Pick<DetectionDraft, "mode" | "subjects">): EntityName[] {
  if (mode !== "ACTIVE") return [];
  const named = new Map<string, EntityName>();
  for (const { kind, key } of subjects) {
    if ((kind !== "USER" && kind !== "ADDRESS") || Buffer.byteLength(key) > longestKey) continue;
    named.set(`${kind} ${key}`, { kind, key });
  }
  return [...named.values(), organizationEntity];
}

/**
 * Stores what a batch's detections contribute and the scores that change by it, in one statement; answers which thresholds
 * were crossed, and who of these had crossed one before.
 */
export async function contribute(
  tx: Tx,
  drafts: readonly DetectionDraft[],
  now: number,
): Promise<{ crossings: Crossing[]; standing: Crossing[] }> {
  const rows = drafts.flatMap((draft) => contributesTo(draft).map((entity) => ({ ...entity, draft })));
  if (rows.length === 0) return { crossings: [], standing: [] };
  const refreshed = await tx.query<never>({
    name: "contribute_risk",
    text: "SELECT * FROM contribute_risk($1, $2, $3, $4, $5, $6, $7, $8)",
    values: [
      rows.map(({ kind }) => kind),
      rows.map(({ key }) => key),
      rows.map(({ draft }) => draft.id),
      rows.map(({ draft }) => draft.ruleId),
      rows.map(({ draft }) => riskBySeverity[draft.severity]),
      rows.map(({ draft }) => new Date(Math.min(draft.lastEventAt, now))), // an event of the future counts from now
      rows.map(({ draft }) => draft.ruleName),
      new Date(now),
    ],
  });
  return settleLevels(tx, refreshed.rows);
}
