import { audit } from "../access/audit.ts";
import type { Tx } from "../db.ts";
import { acknowledgeIncident, resolveIncident } from "../incident/change.ts";
import { builder } from "./builder.ts";
import { actorOf, auditActorOf, type Context, prismaOf, viewerOf } from "./context.ts";
import { ResolutionEnum } from "./enums.ts";
import { Incident } from "./incident.ts";
import { rowKey } from "./page.ts";
import { attempt, type Outcome, UserErrorType } from "./payload.ts";

type Changed = Outcome<{ id: string; cursor: string }>;

const revision = "The revision you saw: refuses to act on a stale view.";

/** The payload of every change of one incident. */
function payload(name: string) {
  return builder.objectRef<Changed>(name).implement({
    description: "The incident after the change, or why nothing was changed.",
    fields: (t) => ({
      incident: t.prismaField({
        type: Incident,
        nullable: true,
        description: "The incident as it is now; null when there are user errors.",
        resolve: (query, { value }, _args, context) =>
          value ? prismaOf(context).incident.findUnique({ ...query, where: rowKey(value.id, context) }) : null,
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

/** Changes one incident and writes the audit entry, in one transaction. */
function change(
  context: Context,
  id: string,
  action: string,
  detail: object,
  work: (tx: Tx, who: { id: string; actor: string; now: number }) => Promise<{ cursor: string; reasonDigest?: string }>,
): Promise<Changed> {
  return attempt(async () => {
    rowKey(id, context);
    const { vault, now } = context.services;
    await vault.reserve(viewerOf(context).organizationId, 2);
    const { cursor } = await context.services.change(viewerOf(context).organizationId, async (tx) => {
      const changed = await work(tx, { id, actor: actorOf(context), now: now() });
      const { reasonDigest } = changed;
      const entry = { actor: auditActorOf(context), action, entityKind: "Incident", entityId: id };
      await audit(tx, { ...entry, detail: { ...detail, ...(reasonDigest ? { reasonDigest } : {}) } });
      return changed;
    });
    return { id, cursor };
  });
}

function expected(input: { expectedRevision?: number | null | undefined }): { expectedRevision?: number } {
  return input.expectedRevision == null ? {} : { expectedRevision: input.expectedRevision };
}

const AcknowledgeInput = builder.inputType("IncidentAcknowledgeInput", {
  description: "How to acknowledge.",
  fields: (t) => ({ expectedRevision: t.int({ description: revision }) }),
});

const AcknowledgePayload = payload("IncidentAcknowledgePayload");
builder.mutationField("incidentAcknowledge", (t) =>
  t.field({
    type: AcknowledgePayload,
    description: "Says that somebody has seen the incident.",
    authScopes: { permission: "incident.write" },
    args: {
      id: t.arg.globalID({ required: true, for: Incident, description: "The incident." }),
      input: t.arg({ type: AcknowledgeInput, description: "How." }),
    },
    resolve: (_parent, { id, input }, context) =>
      change(context, id.id, "INCIDENT_ACKNOWLEDGED", {}, (tx, who) =>
        acknowledgeIncident(tx, { ...who, ...expected(input ?? {}) }),
      ),
  }),
);

const ResolveInput = builder.inputType("IncidentResolveInput", {
  description: "How to resolve.",
  fields: (t) => ({
    resolution: t.field({ type: ResolutionEnum, required: true, description: "Why, for statistics." }),
    reason: t.string({ required: true, description: "Why, for people." }),
    expectedRevision: t.int({ description: revision }),
  }),
});

const ResolvePayload = payload("IncidentResolvePayload");
builder.mutationField("incidentResolve", (t) =>
  t.field({
    type: ResolvePayload,
    description: "Says that the incident is over, and why.",
    authScopes: { permission: "incident.write" },
    args: {
      id: t.arg.globalID({ required: true, for: Incident, description: "The incident." }),
      input: t.arg({ type: ResolveInput, required: true, description: "How." }),
    },
    resolve: (_parent, { id, input }, context) => {
      const { resolution, reason } = input;
      return change(context, id.id, "INCIDENT_RESOLVED", { resolution }, (tx, who) =>
        resolveIncident(tx, context.services.vault, { ...who, resolution, reason, ...expected(input) }),
      );
    },
  }),
);
