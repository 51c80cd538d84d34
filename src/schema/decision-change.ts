import { audit } from "../access/audit.ts";
import type { Tx } from "../db.ts";
import { VigilError } from "../errors.ts";
import { namelessOf, nameOf } from "../respond/action-words.ts";
import { needsApproval } from "../respond/actions/table.ts";
import { makeDecision, type NewDecision, ttlBounds } from "../respond/decide.ts";
import { revokeDecision } from "../respond/revoke.ts";
import { judgeSafety } from "../respond/safety.ts";
import { brokenGlass, tellAlone } from "../respond/second-person.ts";
import { readSurroundings } from "../respond/surroundings.ts";
import { readNetwork, type Target } from "../respond/target.ts";
import { oneSpelling } from "../user-name.ts";
import { builder } from "./builder.ts";
import { actorOf, auditActorOf, type Context, prismaOf, viewerOf } from "./context.ts";
import { Decision, ScopeEnum } from "./decision.ts";
import { ActionTypeEnum } from "./enums.ts";
import { rowKey } from "./page.ts";
import { attempt, type Outcome, UserErrorType } from "./payload.ts";
import { milliseconds } from "./scalars.ts";

const CreateInput = builder.inputType("DecisionCreateInput", {
  description: "What enforcers are to do, to whom, for how long.",
  fields: (t) => ({
    type: t.field({
      type: ActionTypeEnum,
      required: true,
      description: "What: not NOTIFY_ADMIN, CALL_WEBHOOK or ASK_USER.",
    }),
    scope: t.field({ type: ScopeEnum, required: true, description: "What the value is." }),
    value: t.string({ required: true, description: "The address, range, user or session: 1 to 300 characters." }),
    ttl: t.field({ type: "Duration", description: "How long: PT10S to P7D; PT1H unless told." }),
    reason: t.string({
      required: true,
      description: "Why: 1 to 500 characters. It names no patients: enforcers log it.",
    }),
  }),
});
const RevokeInput = builder.inputType("DecisionRevokeInput", {
  description: "Why.",
  fields: (t) => ({ reason: t.string({ required: true, description: "1 to 500 characters." }) }),
});

type Changed = Outcome<{ id: string; cursor: string | undefined }>;

function payload(name: string) {
  return builder.objectRef<Changed>(name).implement({
    description: "The decision after the change, or why nothing was changed.",
    fields: (t) => ({
      decision: t.prismaField({
        type: Decision,
        nullable: true,
        description: "The decision as it is now; null when there are user errors.",
        resolve: (query, { value }, _args, context) =>
          value ? prismaOf(context).decision.findUnique({ ...query, where: rowKey(value.id, context) }) : null,
      }),
      userErrors: t.field({
        type: [UserErrorType],
        description: "Why nothing was changed.",
        resolve: (it) => it.userErrors,
      }),
      cursor: t.string({
        nullable: true,
        description: "Where the change stands in the feed: `decisionEvents(after:)` goes on behind it.",
        resolve: ({ value }) => value?.cursor ?? null,
      }),
    }),
  });
}

const CreatePayload = payload("DecisionCreatePayload");
const RevokePayload = payload("DecisionRevokePayload");

builder.mutationFields((t) => ({
  decisionCreate: t.field({
    type: CreatePayload,
    description:
      "Puts a decision in force on every enforcer, until it expires. What is in force about the same target is replaced. What is destructive (SUSPEND_USER, a block of a range) is refused, for it takes a second person: ask for it by `incidentRespond`. During your break-glass it is done, and every administrator hears of it.",
    authScopes: { permission: "decision.write" },
    args: { input: t.arg({ type: CreateInput, required: true, description: "What." }) },
    resolve: (_parent, { input }, context) =>
      attempt(() => {
        const target = targetOf(input);
        const { type } = input;
        if (type === "NOTIFY_ADMIN" || type === "CALL_WEBHOOK" || type === "ASK_USER") {
          throw new VigilError("BAD_USER_INPUT", `${type} is nothing that an enforcer does.`, {
            path: ["input", "type"],
          });
        }
        if (type === "BLOCK_IP" ? target.scope !== "IP" && target.scope !== "RANGE" : target.scope === "RANGE") {
          const message = `${type} is not done to the scope ${target.scope}.`;
          throw new VigilError("BAD_USER_INPUT", message, { path: ["input", "scope"] });
        }
        const reason = reasonOf(input.reason);
        const { now, change } = context.services;
        const ttl = input.ttl ? milliseconds(input.ttl) : ttlBounds.default;
        const wanted = { type, target, ttl, reason, actor: actorOf(context), now: now() };
        return change(viewerOf(context).organizationId, (tx) => decide(tx, context, wanted));
      }),
  }),
  decisionRevoke: t.field({
    type: RevokePayload,
    description: "Ends a decision before its time, on every enforcer; the action that it comes of is REVERTED.",
    authScopes: { permission: "decision.write" },
    args: {
      id: t.arg.globalID({ required: true, for: Decision, description: "The decision." }),
      input: t.arg({ type: RevokeInput, required: true, description: "Why." }),
    },
    resolve: (_parent, { id: { id }, input }, context) =>
      attempt(() => {
        rowKey(id, context);
        const reason = reasonOf(input.reason);
        const { now, change } = context.services;
        const asked = { id, reason, actor: actorOf(context), auditActor: auditActorOf(context), now: now() };
        return change(viewerOf(context).organizationId, (tx) => revokeDecision(tx, asked));
      }),
  }),
}));

/** One person's word: what is unsafe, or takes two, is refused. */
async function decide(tx: Tx, context: Context, wanted: NewDecision): Promise<{ id: string; cursor: string }> {
  const { type, target, ttl, reason, actor, now } = wanted;
  const { ownAddresses } = context.services;
  const who = { viewer: viewerOf(context), auditActor: auditActorOf(context), now };
  const asked = { actor, automatic: false, callerAddress: context.address, ownAddresses };
  const around = await readSurroundings(tx, asked);
  const verdict = judgeSafety(target, around);
  if (!verdict.safe) throw new VigilError("BAD_USER_INPUT", verdict.reason, { path: ["input", "value"] });
  const takesTwo = needsApproval({ type, target, name: target.value }, around);
  const glass = takesTwo ? await brokenGlass(tx, who) : undefined;
  if (takesTwo && !glass) {
    const [what, field] =
      target.scope === "RANGE" ? ["A block of a range", "scope"] : [`The ${namelessOf(type)}`, "type"];
    const message = `${what} takes a second person: ask for it on an incident (incidentRespond), where another one approves it.`;
    throw new VigilError("BAD_USER_INPUT", message, { path: ["input", field] });
  }
  const made = await makeDecision(tx, wanted);
  const entry = { entityKind: "Decision" as const, entityId: made.id };
  const detail = { type, ...target, ttl, reason };
  await audit(tx, { ...entry, actor: who.auditActor, action: "DECISION_CREATED", detail });
  if (glass) {
    const deed = {
      entityKind: entry.entityKind,
      id: made.id,
      action: "DECISION_BREAK_GLASS",
      type,
      target: target.value,
      title: `The ${namelessOf(type)} was decided by one person alone, by break-glass: incident #?`,
      body: `${actor} decided the ${nameOf({ type, target: target.value })}: ${reason}`,
      incidentId: glass.incidentId,
    };
    await tellAlone(tx, deed, who);
  }
  return made;
}

function reasonOf(text: string): string {
  const reason = text.trim();
  if (reason !== "" && reason.length <= 500) return reason;
  throw new VigilError("BAD_USER_INPUT", "A reason has 1 to 500 characters.", { path: ["input", "reason"] });
}

/** The target in its one spelling. Errors: BAD_USER_INPUT. */
function targetOf({ scope, value }: Target): Target {
  const bad = (message: string): never => {
    throw new VigilError("BAD_USER_INPUT", message, { path: ["input", "value"] });
  };
  if (scope === "USER" || scope === "SESSION") {
    const name = value.trim();
    return name !== "" && name.length <= 300 && !name.includes("\0")
      ? { scope, value: scope === "USER" ? oneSpelling(name) : name }
      : bad("A user or session has 1 to 300 characters.");
  }
  const network = readNetwork(value);
  if (!network) return bad("This is no address and no range such as 203.0.113.0/24.");
  return network.scope === scope ? network : bad(`This is ${network.scope === "IP" ? "one address" : "a range"}.`);
}
