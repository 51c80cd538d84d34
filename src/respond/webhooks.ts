/** Systems of the organization's own that responses call: made, changed and removed here. A secret is shown once, and sealed. */
import { v7 as uuidv7 } from "uuid";
import type { Tx } from "../db.ts";
import { checkRevision, VigilError } from "../errors.ts";
import { secretOverlap, type WebhookSecrets, webhookSecrets, webhookUrl } from "../outbound/signed-call.ts";
import { makeWebhookSecret } from "../outbound/standard-webhook.ts";
import { sealedColumns } from "../secrets/sealed-columns.ts";
import type { Vault } from "../secrets/vault.ts";

export interface WebhookGiven {
  url?: string | undefined;
  /** whsec_ or whsk_ and base64; absent when it is made: Vigil makes one. */
  secret?: string | undefined;
  needsApproval?: boolean | undefined;
  coveredByBaa?: boolean | undefined;
}

export interface WebhookNeeds {
  vault: Pick<Vault, "seal" | "open">;
  allowPrivate: boolean;
  now: number;
}

const mostWebhooks = 50;
const nameShape = /^[\p{L}\p{N}][\p{L}\p{N} ._-]{0,99}$/u;

const bad = (message: string, field: string): VigilError =>
  new VigilError("BAD_USER_INPUT", message, { path: ["input", field] });

/** Whether a text could be a webhook's name; whether there is such a one is another question. */
export function isWebhookName(text: string): boolean {
  return nameShape.test(text);
}

function checkUrl(url: string, allowPrivate: boolean): string {
  const { error } = webhookUrl({ allowPrivate }).safeParse(url);
  if (error) throw bad(error.issues[0]?.message ?? "This is no URL.", "url");
  return url;
}

function checkSecrets(secrets: WebhookSecrets): WebhookSecrets {
  const { error } = webhookSecrets.safeParse(secrets);
  if (error) throw bad(error.issues[0]?.message ?? "This is no secret.", "secret");
  return secrets;
}

const seal = async (tx: Tx, vault: Pick<Vault, "seal">, rowId: string, secrets: WebhookSecrets): Promise<Buffer> =>
  (await vault.seal(tx, sealedColumns.responseWebhook, [{ rowId, data: JSON.stringify(secrets) }]))[0] as Buffer;

export async function openSecrets(
  tx: Tx,
  vault: Pick<Vault, "open">,
  rows: readonly { id: string; sealed: Buffer }[],
): Promise<Map<string, WebhookSecrets>> {
  const items = rows.map(({ id, sealed }) => ({ rowId: id, record: sealed }));
  const opened = await vault.open(tx, sealedColumns.responseWebhook, items);
  return new Map(rows.map(({ id }, n) => [id, JSON.parse((opened[n] as Buffer).toString("utf8")) as WebhookSecrets]));
}

/** Answers the id, and the secret where Vigil made it: to be shown once. Errors: BAD_USER_INPUT, CONFLICT. */
export async function createWebhook(
  tx: Tx,
  { vault, allowPrivate, now }: WebhookNeeds,
  { name, url, secret, needsApproval, coveredByBaa }: WebhookGiven & { name: string; url: string },
): Promise<{ id: string; secret: string | null }> {
  const trimmed = name.trim();
  if (!isWebhookName(trimmed))
    throw bad("A name has 1 to 100 letters, digits, spaces, dots, dashes and underscores.", "name");
  const id = uuidv7({ msecs: now });
  const secrets = checkSecrets({ secret: secret ?? makeWebhookSecret() });
  const { rowCount } = await tx.query(
    `INSERT INTO response_webhooks (organization_id, id, name, url, sealed_secrets, needs_approval, covered_by_baa, created_at, updated_at)
     SELECT $1, $2, $3, $4, $5, $6, $7, $8, $8 WHERE (SELECT count(*) FROM response_webhooks WHERE organization_id = $1) < ${mostWebhooks}
     ON CONFLICT (organization_id, name) DO NOTHING`,
    [
      tx.organizationId,
      id,
      trimmed,
      checkUrl(url, allowPrivate),
      await seal(tx, vault, id, secrets),
      needsApproval ?? false,
      coveredByBaa ?? false,
      new Date(now),
    ],
  );
  if (rowCount === 1) return { id, secret: secret === undefined ? secrets.secret : null };
  throw new VigilError("CONFLICT", `There is a response webhook of that name already, or there are ${mostWebhooks}.`, {
    path: ["input", "name"],
  });
}

/**
 * What is not given stays; a former secret goes on signing for a day beside the new one. Answers the secret where
 * `rotate` had Vigil make one. Errors: NOT_FOUND, CONFLICT, BAD_USER_INPUT.
 */
export async function updateWebhook(
  tx: Tx,
  { vault, allowPrivate, now }: WebhookNeeds,
  {
    id,
    expectedRevision,
    rotate,
    ...given
  }: WebhookGiven & {
    id: string;
    expectedRevision?: number | undefined;
    rotate: boolean;
  },
): Promise<{ id: string; secret: string | null }> {
  const { rows } = await tx.query<{ revision: number; sealed: Buffer }>(
    `SELECT revision, sealed_secrets AS sealed FROM response_webhooks WHERE organization_id = $1 AND id = $2 FOR UPDATE`,
    [tx.organizationId, id],
  );
  const [row] = rows;
  if (!row) throw new VigilError("NOT_FOUND", "There is no such response webhook.", { path: ["id"] });
  checkRevision("The response webhook", row.revision, expectedRevision);
  if (rotate && given.secret !== undefined) throw bad("Give a secret, or have one made: not both.", "secret");
  const fresh = rotate ? makeWebhookSecret() : given.secret;
  let { sealed } = row;
  if (fresh !== undefined) {
    const before = (await openSecrets(tx, vault, [{ id, sealed }])).get(id) as WebhookSecrets;
    const previous = { secret: before.secret, until: now + secretOverlap };
    sealed = await seal(tx, vault, id, checkSecrets({ secret: fresh, previous }));
  }
  await tx.query(
    `UPDATE response_webhooks SET url = coalesce($3, url), sealed_secrets = $4, needs_approval = coalesce($5, needs_approval),
       covered_by_baa = coalesce($6, covered_by_baa), revision = revision + 1, updated_at = $7
     WHERE organization_id = $1 AND id = $2`,
    [
      tx.organizationId,
      id,
      given.url === undefined ? null : checkUrl(given.url, allowPrivate),
      sealed,
      given.needsApproval,
      given.coveredByBaa,
      new Date(now),
    ],
  );
  return { id, secret: rotate ? (fresh as string) : null };
}

/** What still waits to be told to it fails. Errors: NOT_FOUND, CONFLICT (a response rule names it). */
export async function deleteWebhook(tx: Tx, id: string): Promise<void> {
  const { rows } = await tx.query<{ name: string; rule: string | null }>(
    `SELECT w.name, (SELECT r.name FROM response_rules r WHERE r.organization_id = $1
       AND r.actions @> jsonb_build_array(jsonb_build_object('webhook', w.name)) ORDER BY r.position LIMIT 1) AS rule
     FROM response_webhooks w WHERE w.organization_id = $1 AND w.id = $2 FOR UPDATE OF w`,
    [tx.organizationId, id],
  );
  const [row] = rows;
  if (!row) throw new VigilError("NOT_FOUND", "There is no such response webhook.", { path: ["id"] });
  if (row.rule !== null) {
    throw new VigilError("CONFLICT", `The response rule "${row.rule}" calls it: change that first.`, { path: ["id"] });
  }
  await tx.query("DELETE FROM response_webhooks WHERE organization_id = $1 AND id = $2", [tx.organizationId, id]);
}
