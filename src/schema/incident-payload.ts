import { audit } from "../access/audit.ts";
import type { Tx } from "../db.ts";
import type { Changed } from "../incident/move.ts";
import { builder } from "./builder.ts";
import { actorOf, auditActorOf, type Context, prismaOf, viewerOf } from "./context.ts";
import { Incident } from "./incident.ts";
import { rowKey } from "./page.ts";
import { attempt, type Outcome, UserErrorType } from "./payload.ts";

/** `current`: the id of the incident that stood against the change, for who has to see how it is now. */
export type IncidentOutcome = Outcome<{ id: string; cursor: string }> & { current?: string };

export const revisionText = "The revision you saw: refuses to act on a stale view.";

/** The payload of every change of one incident. */
export function incidentPayload(name: string) {
  return builder.objectRef<IncidentOutcome>(name).implement({
    description: "The incident after the change, or why nothing was changed.",
    fields: (t) => ({
      incident: t.prismaField({
        type: Incident,
        nullable: true,
        description: "The incident as it is now, after a CONFLICT too; null after other user errors.",
        resolve: (query, { value, current }, _args, context) => {
          const id = value?.id ?? current;
          return id ? prismaOf(context).incident.findUnique({ ...query, where: rowKey(id, context) }) : null;
        },
      }),
      userErrors: t.field({
        type: [UserErrorType],
        description: "Why nothing was changed.",
        resolve: (it) => it.userErrors,
      }),
      cursor: t.string({
        nullable: true,
        description: "Where the change stands in the feed: `incidentEvents(after:)` goes on behind it.",
        resolve: ({ value }) => value?.cursor ?? null,
      }),
    }),
  });
}

export interface Who {
  id: string;
  actor: string;
  now: number;
}

/** Changes one incident and writes the audit entry, in one transaction. */
export async function changeIncident(
  context: Context,
  id: string,
  action: string,
  detail: object,
  work: (tx: Tx, who: Who) => Promise<Changed>,
): Promise<IncidentOutcome> {
  const outcome = await attempt(async () => {
    rowKey(id, context);
    const { vault, now } = context.services;
    await vault.reserve(viewerOf(context).organizationId, 3); // the most that one change seals
    const { cursor } = await context.services.change(viewerOf(context).organizationId, async (tx) => {
      const changed = await work(tx, { id, actor: actorOf(context), now: now() });
      const { wordsDigest } = changed;
      const entry = { actor: auditActorOf(context), action, entityKind: "Incident", entityId: id };
      await audit(tx, { ...entry, detail: { ...detail, ...(wordsDigest ? { wordsDigest } : {}) } });
      return changed;
    });
    return { id, cursor };
  });
  return outcome.userErrors[0]?.code === "CONFLICT" ? { ...outcome, current: id } : outcome;
}

/** `expectedRevision` where it was given. */
export function expected(input: { expectedRevision?: number | null | undefined }): { expectedRevision?: number } {
  return input.expectedRevision == null ? {} : { expectedRevision: input.expectedRevision };
}
