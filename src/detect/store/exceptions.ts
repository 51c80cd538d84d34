/** Exceptions as rows. One that is removed or replaced keeps its row: what it hid stays hidden when history is replayed. */
import { v7 as uuidv7 } from "uuid";
import type { Tx } from "../../db.ts";
import { VigilError } from "../../errors.ts";
import type { FilterDocument } from "../sigma/document.ts";
import { fieldFaults } from "../sigma/field-faults.ts";
import { onlyExcludes } from "../sigma/filter-body.ts";
import { parseSigma } from "../sigma/parse.ts";
import { type FilterPlan, logsourceFault } from "./filter-plan.ts";
import { ownSettings } from "./judge.ts";
import { bumpRules, loadRules, lockRules, referenceOf } from "./known.ts";
import { refuseAll } from "./refused.ts";

export interface ExceptionRow {
  id: string;
  rule_id: string;
  name: string;
  yaml: string;
  owner: string;
  reason: string;
  expires_at: Date | null;
}

async function insertExceptions(tx: Tx, rows: readonly ExceptionRow[], now: number): Promise<void> {
  await tx.query(
    `INSERT INTO alert_rule_exceptions (organization_id, id, rule_id, name, yaml, owner, reason, expires_at, created_at)
     SELECT $1, r.*, $3 FROM jsonb_to_recordset($2::jsonb)
       AS r(id uuid, rule_id uuid, name text, yaml text, owner text, reason text, expires_at timestamptz)`,
    [tx.organizationId, JSON.stringify(rows), new Date(now)],
  );
}

/** Imported filters, by name: one that changed, or had ended, replaces the one before. Whether anything changed. */
export async function importExceptions(
  tx: Tx,
  plans: readonly FilterPlan[],
  { actor, now }: { actor: string; now: number },
): Promise<boolean> {
  const wanted = plans.flatMap(({ document, ruleIds }) => {
    const { name, owner = actor, reason, expiresAt } = document.vigil ?? {};
    return ruleIds.map((rule_id) => ({
      ...{ id: uuidv7(), rule_id, name: name ?? document.name ?? document.title, yaml: document.yaml, owner },
      ...{ reason: reason ?? document.description ?? document.title },
      ...{ expires_at: expiresAt === undefined ? null : new Date(expiresAt), isWhole: document.vigil !== undefined },
    }));
  });
  if (wanted.length === 0) return false;
  const { rows: live } = await tx.query<ExceptionRow>(
    `SELECT id, rule_id, name, yaml, owner, reason, expires_at FROM alert_rule_exceptions
     WHERE organization_id = $1 AND deleted_at IS NULL AND rule_id = ANY($2)`,
    [tx.organizationId, wanted.map((row) => row.rule_id)],
  );
  const key = ({ rule_id, name }: { rule_id: string; name: string }) => `${rule_id}\n${name}`;
  const known = new Map(live.map((row) => [key(row), row]));
  const isKnown = ({ isWhole, ...row }: (typeof wanted)[number]): boolean => {
    const one = known.get(key(row));
    if (one?.expires_at && one.expires_at.getTime() <= now) return false;
    return one?.yaml === row.yaml && (!isWhole || JSON.stringify(metadata(one)) === JSON.stringify(metadata(row)));
  };
  const fresh = new Map(wanted.filter((row) => !isKnown(row)).map((row) => [key(row), row]));
  const replaced = [...fresh.keys()].flatMap((name) => known.get(name)?.id ?? []);
  if (fresh.size === 0) return false;
  if (replaced.length > 0)
    await tx.query("UPDATE alert_rule_exceptions SET deleted_at = $3 WHERE organization_id = $1 AND id = ANY($2)", [
      ...[tx.organizationId, replaced, new Date(now)],
    ]);
  await insertExceptions(tx, [...fresh.values()], now);
  return true;
}

function metadata({ owner, reason, expires_at }: ExceptionRow): unknown {
  return [owner, reason, expires_at?.getTime()];
}

export interface ExceptionInput {
  ruleId: string;
  /** 1 to 100 characters, unique for the rule. */
  name: string;
  /** One Sigma filter; it need not say `rules`. */
  yaml: string;
  /** 1 to 2,000 characters. */
  reason: string;
  owner: string;
  /** Epoch ms. */
  expiresAt?: number | undefined;
  now: number;
}

/** One Sigma filter that can be an exception of the rule; throws BAD_USER_INPUT with what is wrong with it. */
export function readException(rule: { yaml: string }, name: string, yaml: string): FilterDocument {
  const { documents, errors } = parseSigma(titled(yaml, name));
  if (errors.length > 0) throw refuseAll(errors);
  const [document, another] = documents;
  if (document?.kind !== "FILTER" || another)
    throw refuse("yaml", "An exception is one Sigma filter: `filter:` with selections and a condition");
  if (document.vigil) throw refuseAll([ownSettings]);
  if (!onlyExcludes(document.body.condition)) {
    const why =
      "the condition of a filter says what stays, so this would hide everything but what it names; write `condition: not selection`";
    throw refuse("yaml", `filter.condition: ${why}`);
  }
  const unknown = fieldFaults(document);
  if (unknown.length > 0) throw refuseAll(unknown);
  if (document.body.onAny)
    throw refuse(
      "yaml",
      "filter.rules: an exception is for its rule alone; leave rules out (alertRulesImport takes any)",
    );
  const [own] = parseSigma(rule.yaml).documents;
  if (own && own.kind !== "FILTER") {
    const names = [own.title, own.name, own.sigmaId, referenceOf(own)];
    if (document.body.rules.length > 0 && !document.body.rules.some((one) => names.includes(one)))
      throw refuse("yaml", `filter.rules: the filter is for other rules than \`${own.title}\``);
    const fault = logsourceFault(document, own);
    if (fault) throw refuse("yaml", `logsource: ${fault}`);
  }
  return document;
}

/** Makes an exception, which holds for events that arrive from now on; gives its id. One that has ended gives its name away. */
export async function createException(tx: Tx, input: ExceptionInput): Promise<string> {
  const { ruleId, name, yaml, reason, owner, expiresAt, now } = input;
  checkText("name", name, 100);
  checkText("reason", reason, 2_000);
  checkText("owner", owner, 200);
  if (expiresAt !== undefined && expiresAt <= now) throw refuse("expiresAt", "An exception expires in the future");
  await lockRules(tx);
  const rule = (await loadRules(tx)).rules.find(({ id }) => id === ruleId);
  if (!rule) throw new VigilError("NOT_FOUND", "There is no such rule", { path: ["input", "ruleId"] });
  const document = readException(rule, name, yaml);
  await tx.query(
    `UPDATE alert_rule_exceptions SET deleted_at = $4
     WHERE organization_id = $1 AND rule_id = $2 AND live_name = $3 AND expires_at <= $4`,
    [tx.organizationId, ruleId, name, new Date(now)],
  );
  const { rows: taken } = await tx.query(
    "SELECT 1 FROM alert_rule_exceptions WHERE organization_id = $1 AND rule_id = $2 AND live_name = $3",
    [tx.organizationId, ruleId, name],
  );
  if (taken.length > 0)
    throw new VigilError("CONFLICT", `The rule has an exception \`${name}\` already`, { path: ["input", "name"] });
  const id = uuidv7();
  const expires_at = expiresAt === undefined ? null : new Date(expiresAt);
  await insertExceptions(tx, [{ id, rule_id: ruleId, name, yaml: document.yaml, owner, reason, expires_at }], now);
  await bumpRules(tx);
  return id;
}

/** Ends an exception now; gives the id of its rule. */
export async function deleteException(tx: Tx, id: string, now: number): Promise<{ ruleId: string; name: string }> {
  await lockRules(tx);
  const { rows } = await tx.query<{ rule_id: string; name: string }>(
    `UPDATE alert_rule_exceptions SET deleted_at = $3 WHERE organization_id = $1 AND id = $2 AND deleted_at IS NULL
     RETURNING rule_id, name`,
    [tx.organizationId, id, new Date(now)],
  );
  const [row] = rows;
  if (!row) throw new VigilError("NOT_FOUND", "There is no such exception", { path: ["id"] });
  await bumpRules(tx);
  return { ruleId: row.rule_id, name: row.name };
}

/** At the end, so that faults are told on the lines that were sent. */
function titled(yaml: string, name: string): string {
  return /^title\s*:/m.test(yaml) ? yaml : `${yaml.trimEnd()}\ntitle: ${JSON.stringify(name)}\n`;
}

function checkText(field: string, text: string, most: number): void {
  if (text.trim() === "" || text.length > most) throw refuse(field, `${field} has 1 to ${most} characters`);
  if (/[\0\p{Surrogate}]/u.test(text))
    throw refuse(field, `${field} holds neither U+0000 nor halves of surrogate pairs`);
}

function refuse(field: string, message: string): VigilError {
  return new VigilError("BAD_USER_INPUT", message, { path: ["input", field] });
}
