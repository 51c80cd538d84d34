/** Making, changing and deleting templates. A name has one for each channel kind, language and kind of alert. */
import { v7 as uuidv7 } from "uuid";
import type { Tx } from "../db.ts";
import { VigilError } from "../errors.ts";
import type { AlertKind, ChannelKind } from "../generated/prisma/client.ts";
import type { TemplateParts } from "./template.ts";
import { holdTemplates, refuseUncarriable, refuseUncarried } from "./template-carries.ts";
import { checkTemplate } from "./template-check.ts";

export interface TemplateDraft extends TemplateParts {
  name: string;
  channelKind: ChannelKind;
  /** Null: every kind that has none of its own. */
  alertKind: AlertKind | null;
  /** A language tag, e.g. `en` or `de-AT`. */
  locale: string;
}

const refuse = (message: string, field: string): VigilError =>
  new VigilError("BAD_USER_INPUT", message, { path: ["input", field] });

function judge(draft: TemplateDraft): TemplateDraft {
  const name = draft.name.trim();
  if (name === "" || name.length > 100 || name.includes("\0")) throw refuse("A name has 1 to 100 characters.", "name");
  if (!/^[a-z]{2,3}(-[A-Z]{2})?$/.test(draft.locale)) {
    throw refuse("A locale is a language tag such as en or de-AT.", "locale");
  }
  if (draft.html !== null && draft.channelKind !== "EMAIL") throw refuse("Only e-mail has an HTML part.", "html");
  if (draft.subject !== null && draft.channelKind === "SMS") throw refuse("An SMS has no subject.", "subject");
  checkTemplate(draft);
  return { ...draft, name };
}

/** Answers its id. Errors: BAD_USER_INPUT (with the place of the fault, or what its channels may not carry), CONFLICT. */
export async function createTemplate(tx: Tx, given: TemplateDraft, now: number): Promise<string> {
  const draft = judge(given);
  const id = uuidv7({ msecs: now });
  await holdTemplates(tx);
  await refuseTwin(tx, draft, id);
  await tx.query(
    `INSERT INTO alert_templates (organization_id, id, name, channel_kind, alert_kind, locale, subject, body, html, created_at, updated_at)
     VALUES ($1, $2, $3, $4::channel_kind, $5::alert_kind, $6, $7, $8, $9, $10, $10)`,
    [tx.organizationId, id, ...valuesOf(draft), new Date(now)],
  );
  await refuseUncarriable(tx, draft);
  await refuseUncarried(tx, ["input", "body"]);
  return id;
}

/** Changes the parts that are given. Errors: NOT_FOUND, CONFLICT, BAD_USER_INPUT. */
export async function updateTemplate(
  tx: Tx,
  {
    id,
    expectedRevision,
    parts,
    now,
  }: { id: string; expectedRevision?: number | undefined; parts: Partial<TemplateDraft>; now: number },
): Promise<void> {
  await holdTemplates(tx);
  const { rows } = await tx.query<TemplateDraft & { revision: number }>(
    `SELECT name, channel_kind AS "channelKind", alert_kind AS "alertKind", locale, subject, body, html, revision
     FROM alert_templates WHERE organization_id = $1 AND id = $2 FOR UPDATE`,
    [tx.organizationId, id],
  );
  const [current] = rows;
  if (!current) throw missing();
  const { revision, ...old } = current;
  if (expectedRevision !== undefined && expectedRevision !== revision) {
    throw new VigilError("CONFLICT", "Somebody has changed the template since.", {
      path: ["id"],
      detail: { revision },
    });
  }
  const draft = judge({ ...old, ...parts });
  await refuseTwin(tx, draft, id);
  await tx.query(
    `UPDATE alert_templates SET name = $3, channel_kind = $4::channel_kind, alert_kind = $5::alert_kind, locale = $6,
       subject = $7, body = $8, html = $9, revision = revision + 1, updated_at = $10 WHERE organization_id = $1 AND id = $2`,
    [tx.organizationId, id, ...valuesOf(draft), new Date(now)],
  );
  await refuseUncarriable(tx, draft);
  await refuseUncarried(tx, ["input", "body"]);
}

/** Errors: NOT_FOUND, CONFLICT (a route uses it). */
export async function deleteTemplate(tx: Tx, id: string): Promise<void> {
  const { rows: routes } = await tx.query<{ name: string }>(
    `SELECT r.name FROM alert_route_channels c JOIN alert_routes r ON r.organization_id = $1 AND r.id = c.route_id
     WHERE c.organization_id = $1 AND c.template_id = $2 ORDER BY r.name LIMIT 1`,
    [tx.organizationId, id],
  );
  if (routes[0]) throw new VigilError("CONFLICT", `The route "${routes[0].name}" uses it.`, { path: ["id"] });
  const { rowCount } = await tx.query("DELETE FROM alert_templates WHERE organization_id = $1 AND id = $2", [
    tx.organizationId,
    id,
  ]);
  if (rowCount !== 1) throw missing();
}

function valuesOf({ name, channelKind, alertKind, locale, subject, body, html }: TemplateDraft): (string | null)[] {
  return [name, channelKind, alertKind, locale, subject, body, html];
}

const missing = (): VigilError => new VigilError("NOT_FOUND", "There is no such template.", { path: ["id"] });

/** The unique index holds no two templates apart that are for every kind of alert: this does, under the lock. */
async function refuseTwin(tx: Tx, { name, channelKind, alertKind, locale }: TemplateDraft, id: string): Promise<void> {
  const { rows } = await tx.query(
    `SELECT FROM alert_templates WHERE organization_id = $1 AND name = $2 AND channel_kind = $3::channel_kind
       AND locale = $4 AND alert_kind IS NOT DISTINCT FROM $5::alert_kind AND id <> $6`,
    [tx.organizationId, name, channelKind, locale, alertKind, id],
  );
  if (rows.length > 0) {
    throw new VigilError(
      "CONFLICT",
      "The name has a template for this channel kind, language and kind of alert already.",
      { path: ["input", "name"] },
    );
  }
}
