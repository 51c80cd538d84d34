import { audit } from "../access/audit.ts";
import { createSilence, expireSilence } from "../alert/silences.ts";
import type { Tx } from "../db.ts";
import { builder } from "./builder.ts";
import { actorOf, auditActorOf, type Context, prismaOf, viewerOf } from "./context.ts";
import { rowKey } from "./page.ts";
import { attempt, type Outcome, UserErrorType } from "./payload.ts";
import { MatcherInput, Silence } from "./silence.ts";

type Changed = Outcome<string>;

function payload(name: string) {
  return builder.objectRef<Changed>(name).implement({
    description: "The silence after the change, or why nothing was changed.",
    fields: (t) => ({
      silence: t.prismaField({
        type: Silence,
        nullable: true,
        description: "The silence as it is now; null when there are user errors.",
        resolve: (query, { value }, _args, context) =>
          value ? prismaOf(context).silence.findUnique({ ...query, where: rowKey(value, context) }) : null,
      }),
      userErrors: t.field({
        type: [UserErrorType],
        description: "Why nothing was changed.",
        resolve: (it) => it.userErrors,
      }),
    }),
  });
}

/** Changes a silence and writes the audit entry, in one transaction; `work` returns the silence's id. */
function change(
  context: Context,
  action: string,
  detail: object,
  work: (tx: Tx, now: number) => Promise<string>,
): Promise<Changed> {
  return attempt(() =>
    context.services.db.inOrganization(viewerOf(context).organizationId, async (tx) => {
      const entityId = await work(tx, context.services.now());
      await audit(tx, { actor: auditActorOf(context), action, entityKind: "Silence", entityId, detail });
      return entityId;
    }),
  );
}

const CreateInput = builder.inputType("SilenceCreateInput", {
  description: "A new silence.",
  fields: (t) => ({
    matchers: t.field({
      type: [MatcherInput],
      required: true,
      description: "Which incidents: all must hold, 1 to 20. `silencePreview` says what they are about.",
    }),
    reason: t.string({ required: true, description: "Why: 1 to 2,000 characters. Name no patient." }),
    startsAt: t.field({ type: "DateTime", description: "From when on. Default: now." }),
    endsAt: t.field({ type: "DateTime", required: true, description: "Until when: within 365 days." }),
  }),
});

const guard = { authScopes: { permission: "alert.write" as const } };

builder.mutationFields((t) => ({
  silenceCreate: t.field({
    ...guard,
    type: payload("SilenceCreatePayload"),
    description: "Keeps alerts about some incidents quiet for a time. Detection and incidents go on.",
    args: { input: t.arg({ type: CreateInput, required: true, description: "The silence." }) },
    resolve: (_parent, { input }, context) => {
      const { matchers, reason, startsAt, endsAt } = input;
      const draft = { matchers, reason, startsAt: startsAt ?? undefined, endsAt };
      return change(context, "SILENCE_CREATED", { ...input }, (tx, now) =>
        createSilence(tx, draft, { author: actorOf(context), now }),
      );
    },
  }),
  silenceExpire: t.field({
    ...guard,
    type: payload("SilenceExpirePayload"),
    description: "Ends a silence now. Errors: NOT_FOUND, CONFLICT (it has ended).",
    args: { id: t.arg.globalID({ required: true, for: Silence, description: "The silence." }) },
    resolve: (_parent, { id: { id } }, context) =>
      change(context, "SILENCE_EXPIRED", {}, async (tx, now) => {
        rowKey(id, context);
        await expireSilence(tx, id, { actor: actorOf(context), now });
        return id;
      }),
  }),
}));
