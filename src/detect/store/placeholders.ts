/** Lists of values that rules refer to by name: `field|expand: "%admins%"`. */
import type { Tx } from "../../db.ts";
import { VigilError } from "../../errors.ts";
import { bumpRules, type KnownRule, loadRules, lockRules } from "./known.ts";

const mostValues = 10_000; // in one list
const mostLists = 500; // of one organization
const longestValue = 1_000; // characters

/** Makes or replaces a list. */
export async function setPlaceholder(
  tx: Tx,
  { name, values, actor, now }: { name: string; values: readonly string[]; actor: string; now: number },
): Promise<void> {
  const refuse = (path: string, message: string) => new VigilError("BAD_USER_INPUT", message, { path: [path] });
  if (!/^[A-Za-z0-9_.-]{1,100}$/.test(name))
    throw refuse("name", "A list's name has 1 to 100 letters, digits, dots, hyphens or underscores");
  if (values.length === 0 || values.length > mostValues)
    throw refuse("values", `A list has 1 to ${mostValues} values; rulePlaceholderDelete removes it`);
  const bad = values.findIndex(
    (value) => value === "" || value.length > longestValue || /[\0\p{Surrogate}]/u.test(value),
  );
  if (bad >= 0) throw refuse("values", `Value ${bad + 1}: 1 to ${longestValue} characters of Unicode, without U+0000`);
  await lockRules(tx);
  const { rows } = await tx.query<{ lists: number }>(
    "SELECT count(*)::int AS lists FROM alert_rule_placeholders WHERE organization_id = $1 AND name <> $2",
    [tx.organizationId, name],
  );
  if ((rows[0]?.lists ?? 0) >= mostLists) throw refuse("name", `There are ${mostLists} lists, which is the most`);
  await tx.query(
    `INSERT INTO alert_rule_placeholders (organization_id, name, listed_values, author, updated_at) VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT (organization_id, name) DO UPDATE SET listed_values = excluded.listed_values, author = excluded.author,
       updated_at = excluded.updated_at`,
    [tx.organizationId, name, [...new Set(values)], actor, new Date(now)],
  );
  await bumpRules(tx);
}

/** Removes a list that no rule and no exception refers to. */
export async function deletePlaceholder(tx: Tx, name: string): Promise<void> {
  await lockRules(tx);
  const { rules, placeholders } = await loadRules(tx);
  if (!placeholders.has(name)) throw new VigilError("NOT_FOUND", `There is no list \`${name}\``, { path: ["name"] });
  const user = rules.find((rule) => textsOf(rule).some((yaml) => refersTo(yaml, name)));
  if (user) throw new VigilError("CONFLICT", `The rule \`${user.name}\` uses the list \`${name}\``, { path: ["name"] });
  await tx.query("DELETE FROM alert_rule_placeholders WHERE organization_id = $1 AND name = $2", [
    ...[tx.organizationId, name],
  ]);
  await bumpRules(tx);
}

function textsOf({ yaml, exceptions = [] }: KnownRule): string[] {
  return [yaml, ...exceptions.map((exception) => exception.yaml)];
}

function refersTo(yaml: string, name: string): boolean {
  return yaml.includes("|expand") && yaml.includes(`%${name}%`);
}
