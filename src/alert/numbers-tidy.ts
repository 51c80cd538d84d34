/** Numbers that stand where only codes should, and numbers that nothing names any more. */
import type { Database, Tx } from "../db.ts";
import { isNumber, keepNumbers, type NumberVault } from "./numbers.ts";
import { recipientsOf } from "./recipients.ts";

const grace = "1 day"; // after a number was last given, so that none goes while somebody is about to name it

/** Seals the numbers that an earlier version wrote down in the clear, wherever they stand; answers how many. */
export async function sealPlainNumbers(tx: Tx, vault: NumberVault, now: number): Promise<number> {
  const { rows } = await tx.query<{ phones: string[]; configs: unknown[]; bad: string[] }>(
    `SELECT ARRAY(SELECT phone FROM users WHERE organization_id = $1 AND phone LIKE '+%') AS phones,
       ARRAY(SELECT config FROM alert_channels WHERE organization_id = $1 AND kind = 'SMS' AND config::text LIKE '%"+%') AS configs,
       ARRAY(SELECT address FROM bad_contacts WHERE organization_id = $1 AND kind = 'SMS' AND address LIKE '+%') AS bad`,
    [tx.organizationId],
  );
  const { phones, configs, bad } = rows[0] as { phones: string[]; configs: unknown[]; bad: string[] };
  if (phones.length + configs.length + bad.length === 0) return 0;
  const { rows: told } = await tx.query<{ recipient: string }>(
    `SELECT DISTINCT a.recipient FROM security_alerts a JOIN alert_channels c ON c.organization_id = $1 AND c.id = a.channel_id
     WHERE a.organization_id = $1 AND c.kind = 'SMS' AND a.recipient LIKE '+%'`,
    [tx.organizationId],
  );
  const recipients = told.map(({ recipient }) => recipient);
  const numbers = [...new Set([...phones, ...configs.flatMap(recipientsOf), ...bad, ...recipients])].filter(isNumber);
  const codes = await keepNumbers(tx, vault, numbers, { now, path: [] });
  const values = [tx.organizationId, numbers, codes];
  const pairs = "unnest($2::text[], $3::text[]) AS n(number, code)";
  await tx.query(
    `UPDATE users u SET phone = n.code FROM ${pairs} WHERE u.organization_id = $1 AND u.phone = n.number`,
    values,
  );
  await tx.query(
    `UPDATE alert_channels c SET config = jsonb_set(c.config, '{to}', (SELECT jsonb_agg(coalesce(n.code, t.one) ORDER BY t.place)
       FROM jsonb_array_elements_text(c.config -> 'to') WITH ORDINALITY AS t(one, place) LEFT JOIN ${pairs} ON n.number = t.one))
     WHERE c.organization_id = $1 AND c.kind = 'SMS' AND jsonb_typeof(c.config -> 'to') = 'array' AND c.config::text LIKE '%"+%'`,
    values,
  );
  await tx.query(
    `UPDATE bad_contacts b SET address = n.code FROM ${pairs}
     WHERE b.organization_id = $1 AND b.kind = 'SMS' AND b.address = n.number
       AND NOT EXISTS (SELECT FROM bad_contacts o WHERE o.organization_id = $1 AND o.kind = 'SMS' AND o.address = n.code)`,
    values,
  );
  await tx.query(
    "DELETE FROM bad_contacts WHERE organization_id = $1 AND kind = 'SMS' AND address = ANY ($2)",
    values.slice(0, 2),
  );
  await tx.query(
    `UPDATE security_alerts a SET recipient = n.code FROM ${pairs}, alert_channels c
     WHERE a.organization_id = $1 AND c.organization_id = $1 AND c.id = a.channel_id AND c.kind = 'SMS' AND a.recipient = n.number`,
    values,
  );
  return numbers.length;
}

/** Of every organization, when Vigil starts. */
export async function sealAllPlainNumbers(
  db: Pick<Database, "organizationIds" | "inOrganization">,
  vault: NumberVault,
  now: () => number,
): Promise<void> {
  for (const id of await db.organizationIds()) await db.inOrganization(id, (tx) => sealPlainNumbers(tx, vault, now()));
}

/** Forgets numbers that no user, no channel and no alert on its way names; of what was sent the codes stay. */
export async function forgetNumbers(tx: Tx, now: number): Promise<void> {
  await tx.query(
    `DELETE FROM phone_numbers p WHERE p.organization_id = $1 AND p.given_at < $2::timestamptz - interval '${grace}'
       AND NOT EXISTS (SELECT FROM users u WHERE u.organization_id = $1 AND u.phone = p.code)
       AND NOT EXISTS (SELECT FROM alert_channels c WHERE c.organization_id = $1 AND c.removed_at IS NULL AND c.config -> 'to' ? p.code)
       AND NOT EXISTS (SELECT FROM security_alerts a WHERE a.organization_id = $1 AND a.due_at IS NOT NULL AND a.recipient = p.code)`,
    [tx.organizationId, new Date(now)],
  );
}
