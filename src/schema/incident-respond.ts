import { VigilError } from "../errors.ts";
import { revertAction } from "../respond/carry-out.ts";
import { type Asker, approveAction, type Requested, rejectAction, requestAction } from "../respond/request.ts";
import { builder } from "./builder.ts";
import { actorOf, auditActorOf, type Context, prismaOf, viewerOf } from "./context.ts";
import { ActionStatusEnum, ActionTypeEnum } from "./enums.ts";
import { Incident } from "./incident.ts";
import { IncidentAction } from "./incident-action.ts";
import { rowKey } from "./page.ts";
import { attempt, type Outcome, UserErrorType } from "./payload.ts";
import { milliseconds } from "./scalars.ts";

const RespondInput = builder.inputType("IncidentRespondInput", {
  description: "What to do about the incident.",
  fields: (t) => ({
    type: t.field({ type: ActionTypeEnum, required: true, description: "What." }),
    target: t.string({
      required: true,
      description:
        "To whom or what: an address or range, a user, or `session:` and a session. CALL_WEBHOOK: the response webhook's name. NOTIFY_ADMIN: all administrators, whatever is said.",
    }),
    ttl: t.field({ type: "Duration", description: "For how long: PT10S to P7D; PT1H unless told." }),
    reason: t.string({
      required: true,
      description: "Why: 1 to 500 characters. It names no patients: enforcers log it.",
    }),
    dryRun: t.boolean({ description: "Only say what would become of it." }),
  }),
});
const ReasonInput = builder.inputType("IncidentActionReasonInput", {
  description: "Why.",
  fields: (t) => ({ reason: t.string({ required: true, description: "1 to 500 characters, no patients' names." }) }),
});

type Done = Outcome<{
  id: string | null;
  cursor: string | undefined;
  status?: Requested["status"];
  reason?: string | null;
}>;

function payload(name: string) {
  return builder.objectRef<Done>(name).implement({
    description: "The action after the change, or why nothing was changed.",
    fields: (t) => ({
      action: t.prismaField({
        type: IncidentAction,
        nullable: true,
        description: "The action as it is now; null after a dry run or when there are user errors.",
        resolve: (query, { value }, _args, context) =>
          value?.id
            ? prismaOf(context).incidentAction.findUnique({ ...query, where: rowKey(value.id, context) })
            : null,
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

const RespondPayload = payload("IncidentRespondPayload");
const ApprovePayload = payload("IncidentActionApprovePayload");
const RejectPayload = payload("IncidentActionRejectPayload");
const RevertPayload = payload("IncidentActionRevertPayload");

builder.objectFields(RespondPayload, (t) => ({
  outcome: t.field({
    type: ActionStatusEnum,
    nullable: true,
    description: "What became of it, or would: APPLIED, AWAITING_APPROVAL (a second person has to agree) or REFUSED.",
    resolve: ({ value }) => value?.status ?? null,
  }),
  refusal: t.string({
    nullable: true,
    description: "Why it was, or would be, refused for safety's sake.",
    resolve: ({ value }) => value?.reason ?? null,
  }),
}));

function askerOf(context: Context): Asker {
  const { now, ownAddresses } = context.services;
  return {
    viewer: viewerOf(context),
    auditActor: auditActorOf(context),
    address: context.address,
    ownAddresses,
    now: now(),
  };
}

function reasonOf(text: string): string {
  const reason = text.trim();
  if (reason !== "" && reason.length <= 500) return reason;
  throw new VigilError("BAD_USER_INPUT", "A reason has 1 to 500 characters.", { path: ["input", "reason"] });
}

builder.mutationFields((t) => {
  const id = t.arg.globalID({ required: true, for: IncidentAction, description: "The action." });
  const reason = t.arg({ type: ReasonInput, required: true, description: "Why." });
  const change = <T>(context: Context, actionId: string, work: Parameters<typeof context.services.change<T>>[1]) => {
    rowKey(actionId, context);
    return context.services.change(viewerOf(context).organizationId, work);
  };
  return {
    incidentRespond: t.field({
      type: RespondPayload,
      authScopes: { permission: "respond.write" },
      description:
        "Does something about an incident. What is destructive (SUSPEND_USER, a block of a range) waits for a second person; what is unsafe is refused, and the timeline says why.",
      args: {
        id: t.arg.globalID({ required: true, for: Incident, description: "The incident." }),
        input: t.arg({ type: RespondInput, required: true, description: "What." }),
      },
      resolve: (_parent, { id: { id }, input }, context) =>
        attempt(() => {
          const asked = {
            incidentId: id,
            type: input.type,
            target: input.target.trim(),
            ttl: input.ttl ? milliseconds(input.ttl) : undefined,
            reason: reasonOf(input.reason),
            dryRun: input.dryRun ?? false,
          };
          return change(context, id, (tx) => requestAction(tx, asked, askerOf(context)));
        }),
    }),
    incidentActionApprove: t.field({
      type: ApprovePayload,
      authScopes: { permission: "respond.approve" },
      description: "Agrees to an action that waits, as a second person: not who asked for it, nor in the same session.",
      args: { id },
      resolve: (_parent, { id: { id } }, context) =>
        attempt(() => change(context, id, (tx) => approveAction(tx, id, askerOf(context)))),
    }),
    incidentActionReject: t.field({
      type: RejectPayload,
      authScopes: { permission: "respond.approve" },
      description: "Says no to an action that waits.",
      args: { id, input: reason },
      resolve: (_parent, { id: { id }, input }, context) =>
        attempt(() =>
          change(context, id, (tx) => rejectAction(tx, { id, reason: reasonOf(input.reason) }, askerOf(context))),
        ),
    }),
    incidentActionRevert: t.field({
      type: RevertPayload,
      authScopes: { permission: "respond.write" },
      description: "Takes an action back: what was before is so again, on every enforcer.",
      args: { id, input: reason },
      resolve: (_parent, { id: { id }, input }, context) =>
        attempt(() => {
          const who = { actor: actorOf(context), auditActor: auditActorOf(context), now: context.services.now() };
          return change(context, id, (tx) => revertAction(tx, { id, reason: reasonOf(input.reason), ...who }));
        }),
    }),
  };
});
