/** Making, changing and removing response rules. */
import { v7 as uuidv7 } from "uuid";
import type { Tx } from "../db.ts";
import { checkRevision, VigilError } from "../errors.ts";
import { type ResponseRule, readRule, type WantedAction } from "./rule.ts";

export interface RuleChange {
  name?: string | undefined;
  mode?: ResponseRule["mode"] | undefined;
  conditions?: unknown;
  actions?: unknown;
  /** Seconds. */
  coolDownS?: number | undefined;
  position?: number | undefined;
}

/** Who makes a change, and when. */
interface By {
  author: string;
  now: number;
}

const mostRules = 200;
const longestCoolDown = 30 * 86_400;

function bad(message: string, field: string): never {
  throw new VigilError("BAD_USER_INPUT", message, { path: ["input", field] });
}

function check({ name, coolDownS, position }: RuleChange): void {
  if (name !== undefined && !/^[^\0]{1,200}$/.test(name.trim())) bad("A name has 1 to 200 characters.", "name");
  if (coolDownS !== undefined && !(Number.isInteger(coolDownS) && coolDownS >= 0 && coolDownS <= longestCoolDown)) {
    bad("A cool-down is whole seconds, to P30D.", "coolDown");
  }
  if (position !== undefined && !(position >= 0 && position <= 1_000_000))
    bad("A position is 0 to 1,000,000.", "position");
}

/** Errors: BAD_USER_INPUT, CONFLICT. */
export async function createRule(tx: Tx, given: RuleChange & { name: string }, { author, now }: By): Promise<string> {
  check(given);
  const { conditions, actions } = readRule({ conditions: given.conditions ?? {}, actions: given.actions });
  await checkWebhooks(tx, actions);
  const id = uuidv7({ msecs: now });
  const { rowCount } = await tx.query(
    `INSERT INTO response_rules (organization_id, id, name, position, mode, conditions, actions, cool_down_s, created_at, updated_at)
     SELECT $1, $2, $3, coalesce($4, 10 + (SELECT coalesce(max(position), 0) FROM response_rules WHERE organization_id = $1)),
       $5, $6, $7, $8, $9, $9 WHERE (SELECT count(*) FROM response_rules WHERE organization_id = $1) < ${mostRules}
     ON CONFLICT (organization_id, name) DO NOTHING`,
    [
      tx.organizationId,
      id,
      given.name.trim(),
      given.position,
      given.mode ?? "MONITOR",
      JSON.stringify(conditions),
      JSON.stringify(actions),
      given.coolDownS ?? 0,
      new Date(now),
    ],
  );
  if (rowCount === 1) {
    await keepRevision(tx, id, { author, now });
    return id;
  }
  const message = `There is a response rule of that name already, or there are ${mostRules} of them.`;
  throw new VigilError("CONFLICT", message, { path: ["input", "name"] });
}

/** A rule that calls what is not there would fail when it matters. */
async function checkWebhooks(tx: Tx, actions: readonly WantedAction[]): Promise<void> {
  const named = actions.flatMap(({ webhook }) => webhook ?? []);
  if (named.length === 0) return;
  const { rows } = await tx.query<{ name: string }>(
    "SELECT name FROM response_webhooks WHERE organization_id = $1 AND name = ANY ($2) FOR SHARE",
    [tx.organizationId, named],
  );
  const known = new Set(rows.map(({ name }) => name));
  const at = actions.findIndex(({ webhook }) => webhook !== undefined && !known.has(webhook));
  if (at < 0) return;
  const message = `There is no response webhook "${actions[at]?.webhook}".`;
  throw new VigilError("BAD_USER_INPUT", message, { path: ["input", "actions", String(at), "webhook"] });
}

/** What the rule is now, as one of its revisions. */
export async function keepRevision(tx: Tx, id: string, { author, now }: By): Promise<void> {
  await tx.query(
    `INSERT INTO response_rule_revisions (organization_id, rule_id, revision, name, position, mode, conditions, actions, cool_down_s,
       author, created_at)
     SELECT organization_id, id, revision, name, position, mode, conditions, actions, cool_down_s, $3, $4 FROM response_rules
     WHERE organization_id = $1 AND id = $2`,
    [tx.organizationId, id, author, new Date(now)],
  );
}

/** Puts back what it was after an earlier change, as a new revision. Errors: NOT_FOUND, CONFLICT, BAD_USER_INPUT. */
export async function restoreRule(tx: Tx, { id, revision }: { id: string; revision: number }, by: By): Promise<void> {
  await lock(tx, id, undefined);
  const { rows } = await tx.query<Required<RuleChange> & { name: string }>(
    `SELECT name, position, mode, conditions, actions, cool_down_s AS "coolDownS" FROM response_rule_revisions
     WHERE organization_id = $1 AND rule_id = $2 AND revision = $3`,
    [tx.organizationId, id, revision],
  );
  const [then] = rows;
  if (!then) throw new VigilError("NOT_FOUND", `The rule has no revision ${revision}.`, { path: ["revision"] });
  await updateRule(tx, { ...then, id }, by);
}

interface Row {
  revision: number;
  conditions: unknown;
  actions: unknown;
}

async function lock(tx: Tx, id: string, expectedRevision: number | undefined): Promise<Row> {
  const { rows } = await tx.query<Row>(
    "SELECT revision, conditions, actions FROM response_rules WHERE organization_id = $1 AND id = $2 FOR UPDATE",
    [tx.organizationId, id],
  );
  const [row] = rows;
  if (!row) throw new VigilError("NOT_FOUND", "There is no such response rule.", { path: ["id"] });
  checkRevision("The response rule", row.revision, expectedRevision);
  return row;
}

/** What is not given stays. Errors: NOT_FOUND, CONFLICT, BAD_USER_INPUT. */
export async function updateRule(
  tx: Tx,
  { id, expectedRevision, ...given }: RuleChange & { id: string; expectedRevision?: number | undefined },
  { author, now }: By,
): Promise<void> {
  check(given);
  const before = await lock(tx, id, expectedRevision);
  const { conditions, actions } = readRule({
    conditions: given.conditions ?? before.conditions,
    actions: given.actions ?? before.actions,
  });
  await checkWebhooks(tx, actions);
  const { rows } = await tx.query("SELECT FROM response_rules WHERE organization_id = $1 AND name = $2 AND id <> $3", [
    tx.organizationId,
    given.name?.trim() ?? null,
    id,
  ]);
  if (rows.length > 0)
    throw new VigilError("CONFLICT", "There is a response rule of that name already.", { path: ["input", "name"] });
  await tx.query(
    `UPDATE response_rules SET name = coalesce($3, name), mode = coalesce($4::rule_mode, mode), position = coalesce($5, position),
       conditions = $6, actions = $7, cool_down_s = coalesce($8, cool_down_s), revision = revision + 1, updated_at = $9
     WHERE organization_id = $1 AND id = $2`,
    [
      tx.organizationId,
      id,
      given.name?.trim(),
      given.mode,
      given.position,
      JSON.stringify(conditions),
      JSON.stringify(actions),
      given.coolDownS,
      new Date(now),
    ],
  );
  await keepRevision(tx, id, { author, now });
}

/** What it did stays done. Errors: NOT_FOUND. */
export async function deleteRule(tx: Tx, id: string): Promise<void> {
  await lock(tx, id, undefined);
  await tx.query("DELETE FROM response_rules WHERE organization_id = $1 AND id = $2", [tx.organizationId, id]);
}
