/** Which fields of the model a template puts into a message, and whether the channels that use it may carry them. */
import type { Tx } from "../db.ts";
import { VigilError } from "../errors.ts";
import type { ChannelKind } from "../generated/prisma/client.ts";
import { type FieldClass, modelFields } from "./model.ts";
import { type TemplateParts, variablesOf } from "./template.ts";

const loop = /(\{%-?\s*for\s+([\w-]+)\s+in\s+)([A-Za-z_][\w.-]*)/g;

export interface CarriedField {
  path: string;
  class: FieldClass;
}

/**
 * The fields that one part asks for. Of what a loop runs over only what is asked of its items counts; a list or an
 * incident that is used as a whole counts with all it has. Throws what the parser throws.
 */
export function fieldsIn(text: string, isHtml: boolean): CarriedField[] {
  const lists = new Map<string, string[]>();
  const loopless = text.replace(loop, (_all, head: string, item: string, list: string) => {
    lists.set(item, [...(lists.get(item) ?? []), list]);
    return `${head}(1..1)`;
  });
  const paths = new Set(variablesOf(loopless, isHtml));
  for (const path of variablesOf(loopless, isHtml, true)) {
    if (!lists.has(path.split(".", 1)[0] as string)) continue;
    for (const full of expand(path, lists, 0)) paths.add(full);
  }
  return [...paths].flatMap((path) =>
    Object.entries(modelFields).flatMap(([field, one]) => {
      const plain = field.replaceAll("[]", "");
      return plain === path || plain.startsWith(`${path}.`) ? [{ path: plain, class: one.class }] : [];
    }),
  );
}

/** What a name stands for that loops give, through loops within loops. */
function expand(path: string, lists: ReadonlyMap<string, readonly string[]>, depth: number): string[] {
  const [root = "", ...rest] = path.split(".");
  const found = lists.get(root);
  if (!found || depth > 5) return [path];
  return found.flatMap((list) => expand([list, ...rest].join("."), lists, depth + 1));
}

/** The fields that need an agreement, each once, as `incident.title (PII)`. */
export function unsafeIn({ subject, body, html }: TemplateParts): string[] {
  const fields = [...fieldsIn(subject ?? "", false), ...fieldsIn(body, false), ...fieldsIn(html ?? "", true)];
  const unsafe = fields.filter((one) => one.class !== "SAFE").map((one) => `${one.path} (${one.class})`);
  return [...new Set(unsafe)].sort();
}

/** Templates, and what uses them, change one at a time: two changes that are right each could leak together. */
export async function holdTemplates(tx: Tx): Promise<void> {
  await tx.query("SELECT pg_advisory_xact_lock(hashtextextended('vigil.templates:' || $1, 0))", [tx.organizationId]);
}

/**
 * Refuses, after the change was made in the transaction, that any route words messages of a channel without an agreement
 * by a template that names persons or health. Errors: BAD_USER_INPUT, at `path`.
 */
export async function refuseUncarried(tx: Tx, path: string[]): Promise<void> {
  const { rows } = await tx.query<TemplateParts & { channel: string; template: string; route: string }>(
    `SELECT c.name AS channel, t.name AS template, r.name AS route, t.subject, t.body, t.html FROM alert_route_channels rc
       JOIN alert_routes r ON r.organization_id = $1 AND r.id = rc.route_id AND r.removed_at IS NULL
       JOIN alert_channels c ON c.organization_id = $1 AND c.id = rc.channel_id AND c.removed_at IS NULL AND NOT c.covered_by_baa
       JOIN alert_templates used ON used.organization_id = $1 AND used.id = rc.template_id
       JOIN alert_templates t ON t.organization_id = $1 AND t.name = used.name AND t.channel_kind = c.kind
     WHERE rc.organization_id = $1 ORDER BY c.name, t.name, t.id`,
    [tx.organizationId],
  );
  for (const { channel, template, route, ...parts } of rows) {
    const unsafe = unsafeIn(parts);
    if (unsafe.length === 0) continue;
    const message = `The template "${template}" uses ${unsafe.join(", ")}, and the channel "${channel}" of the route "${route}" is covered by no agreement.`;
    throw new VigilError("BAD_USER_INPUT", message, { path });
  }
}

/** Refuses a template that no channel of its kind could carry. Errors: BAD_USER_INPUT. */
export async function refuseUncarriable(tx: Tx, draft: TemplateParts & { channelKind: ChannelKind }): Promise<void> {
  const unsafe = unsafeIn(draft);
  if (unsafe.length === 0) return;
  const { rows } = await tx.query(
    `SELECT FROM alert_channels WHERE organization_id = $1 AND kind = $2::channel_kind AND covered_by_baa AND removed_at IS NULL LIMIT 1`,
    [tx.organizationId, draft.channelKind],
  );
  if (rows.length > 0) return;
  const message = `It uses ${unsafe.join(", ")}, and no ${draft.channelKind} channel is covered by an agreement (coveredByBaa).`;
  throw new VigilError("BAD_USER_INPUT", message, { path: ["input", "body"] });
}
