/** Making, changing and removing escalation policies. An escalation that runs goes on by the policy as it was when it began. */
import { v7 as uuidv7 } from "uuid";
import type { Tx } from "../db.ts";
import { checkRevision, VigilError } from "../errors.ts";
import type { Step } from "./escalation.ts";
import { checkPolicy, checkPolicyNames } from "./policy-check.ts";
import { refuseTakenName } from "./taken-name.ts";

export interface PolicyChange {
  name?: string | undefined;
  steps?: readonly Step[] | undefined;
  repeats?: number | undefined;
  /** Seconds; null: an acknowledgement holds for good. */
  acknowledgeTimeoutS?: number | null | undefined;
  fallbackChannelId?: string | null | undefined;
}

const mostPolicies = 100;

/** Answers its id. Errors: BAD_USER_INPUT, CONFLICT. */
export async function createPolicy(
  tx: Tx,
  given: PolicyChange & { name: string; steps: readonly Step[] },
  now: number,
): Promise<string> {
  checkPolicy({ repeats: 0, ...given });
  await checkPolicyNames(tx, given);
  const id = uuidv7({ msecs: now });
  await refuseTakenName(tx, "escalation_policies", { id, name: given.name });
  const { rowCount } = await tx.query(
    `INSERT INTO escalation_policies (organization_id, id, name, steps, repeats, acknowledge_timeout_s, fallback_channel_id, created_at, updated_at)
     SELECT $1, $2, $3, $4, $5, $6, $7, $8, $8
     WHERE (SELECT count(*) FROM escalation_policies WHERE organization_id = $1 AND removed_at IS NULL) < ${mostPolicies}
     ON CONFLICT (organization_id, name) DO NOTHING`,
    [
      tx.organizationId,
      id,
      given.name.trim(),
      JSON.stringify(given.steps),
      given.repeats ?? 0,
      given.acknowledgeTimeoutS ?? null,
      given.fallbackChannelId ?? null,
      new Date(now),
    ],
  );
  if (rowCount === 1) return id;
  throw new VigilError("CONFLICT", `There are ${mostPolicies} policies already, or one of that name.`, {
    path: ["input"],
  });
}

interface Row {
  revision: number;
  steps: Step[];
  repeats: number;
}

async function lock(tx: Tx, id: string): Promise<Row> {
  const { rows } = await tx.query<Row>(
    `SELECT revision, steps, repeats FROM escalation_policies
     WHERE organization_id = $1 AND id = $2 AND removed_at IS NULL FOR UPDATE`,
    [tx.organizationId, id],
  );
  if (rows[0]) return rows[0];
  throw new VigilError("NOT_FOUND", "There is no such escalation policy.", { path: ["id"] });
}

/** What is not given stays. Errors: NOT_FOUND, CONFLICT, BAD_USER_INPUT. */
export async function updatePolicy(
  tx: Tx,
  { id, expectedRevision, ...given }: PolicyChange & { id: string; expectedRevision?: number | undefined },
  now: number,
): Promise<void> {
  const row = await lock(tx, id);
  checkRevision("The policy", row.revision, expectedRevision);
  checkPolicy({ ...given, steps: given.steps ?? row.steps, repeats: given.repeats ?? row.repeats });
  await checkPolicyNames(tx, given);
  await refuseTakenName(tx, "escalation_policies", { id, name: given.name });
  await tx.query(
    `UPDATE escalation_policies SET name = coalesce($3, name), steps = coalesce($4, steps), repeats = coalesce($5, repeats),
       acknowledge_timeout_s = CASE WHEN $6 THEN $7 ELSE acknowledge_timeout_s END,
       fallback_channel_id = CASE WHEN $8 THEN $9 ELSE fallback_channel_id END, revision = revision + 1, updated_at = $10
     WHERE organization_id = $1 AND id = $2`,
    [
      tx.organizationId,
      id,
      given.name?.trim(),
      given.steps && JSON.stringify(given.steps),
      given.repeats,
      given.acknowledgeTimeoutS !== undefined,
      given.acknowledgeTimeoutS ?? null,
      given.fallbackChannelId !== undefined,
      given.fallbackChannelId ?? null,
      new Date(now),
    ],
  );
}

/** What runs by it runs to its end. Errors: NOT_FOUND, CONFLICT (a route escalates by it). */
export async function deletePolicy(tx: Tx, id: string, now: number): Promise<void> {
  await lock(tx, id);
  const { rows } = await tx.query<{ name: string }>(
    "SELECT name FROM alert_routes WHERE organization_id = $1 AND escalation_policy_id = $2 AND removed_at IS NULL LIMIT 1",
    [tx.organizationId, id],
  );
  if (rows[0]) {
    throw new VigilError("CONFLICT", `The route ${rows[0].name} escalates by it: change that first.`, { path: ["id"] });
  }
  await tx.query(
    `UPDATE escalation_policies SET removed_at = $3, updated_at = $3, name = id::text, revision = revision + 1
     WHERE organization_id = $1 AND id = $2`,
    [tx.organizationId, id, new Date(now)],
  );
}
