import { VigilError } from "../errors.ts";
import { actions, needsApproval } from "../respond/actions/table.ts";
import { type BlastRadius, blastRadius } from "../respond/blast-radius.ts";
import { readUnaskable } from "../respond/contact.ts";
import { countEarlier, incidentFacts, loadHistory, loadResponseRules } from "../respond/due.ts";
import { choose } from "../respond/playbook.ts";
import { judgeAction } from "../respond/safety.ts";
import { readSurroundings } from "../respond/surroundings.ts";
import type { Target } from "../respond/target.ts";
import { batched } from "./batched.ts";
import { builder } from "./builder.ts";
import { actorOf, viewerOf } from "./context.ts";
import { ScopeEnum } from "./decision.ts";
import { ActionTypeEnum } from "./enums.ts";
import { Incident } from "./incident.ts";
import { ResponseRule } from "./response-rule.ts";

const read = { authScopes: { permission: "respond.read" as const } };

interface Preview extends BlastRadius {
  target: Target | null;
  name: string;
  destructive: boolean;
  refusal: string | null;
  since: Date;
}

const nobody: BlastRadius = { users: 0, sessions: 0, requests: 0 };

const Preview = builder.objectRef<Preview>("ResponsePreview").implement({
  description: "Whom an action would have hit in the last 24 hours: its blast radius.",
  fields: (t) => ({
    target: t.string({
      description: "The target in its one spelling.",
      resolve: ({ target, name }) => target?.value ?? name,
    }),
    scope: t.field({
      type: ScopeEnum,
      nullable: true,
      description: "What it is; null: a response webhook, which hits no request by itself.",
      resolve: ({ target }) => target?.scope ?? null,
    }),
    users: t.exposeInt("users", { description: "People whose requests would have been hit." }),
    sessions: t.exposeInt("sessions", { description: "Sessions that would have been hit." }),
    requests: t.exposeInt("requests", { description: "Requests that would have been hit." }),
    since: t.expose("since", { type: "DateTime", description: "From when it was counted." }),
    needsApproval: t.exposeBoolean("destructive", { description: "Whether a second person would have to approve it." }),
    refusal: t.exposeString("refusal", { nullable: true, description: "Why it would be refused, asked for by you." }),
  }),
});

const PreviewInput = builder.inputType("ResponsePreviewInput", {
  description: "An action that is thought of.",
  fields: (t) => ({
    type: t.field({ type: ActionTypeEnum, required: true, description: "What: not NOTIFY_ADMIN." }),
    target: t.string({ required: true, description: "As `incidentRespond` takes it." }),
  }),
});

builder.queryField("responsePreview", (t) =>
  t.field({
    type: Preview,
    description: "Whom an action would have hit in the last 24 hours, and whether it would be let through.",
    ...read,
    args: { input: t.arg({ type: PreviewInput, required: true, description: "Which action." }) },
    resolve: async (_parent, { input }, context) => {
      const planned = actions[input.type].plan(input.target.trim(), undefined);
      if ("fault" in planned) throw new VigilError("BAD_USER_INPUT", planned.fault, { path: ["input", "target"] });
      const { target } = planned;
      const name = input.target.trim();
      if (input.type === "NOTIFY_ADMIN")
        throw new VigilError("BAD_USER_INPUT", "NOTIFY_ADMIN hits nobody.", { path: ["input", "type"] });
      const { db, now, ownAddresses } = context.services;
      const asked = { actor: actorOf(context), automatic: false, callerAddress: context.address, ownAddresses };
      return db.inOrganization(viewerOf(context).organizationId, async (tx) => {
        const around = await readSurroundings(tx, asked);
        const about = { type: input.type, target, name };
        const verdict = judgeAction(about, around);
        const hit = target ? await blastRadius(tx, target, now()) : nobody;
        const destructive = needsApproval(about, around);
        return {
          ...hit,
          target,
          name,
          destructive,
          refusal: verdict.safe ? null : verdict.reason,
          since: new Date(now() - 86_400_000),
        };
      });
    },
  }),
);

interface Considered {
  ruleId: string;
  chosen: boolean;
  type: keyof typeof actions | null;
  target: string | null;
  ttl: number | null;
  code: string | null;
  reason: string;
}

const ConsideredType = builder.objectRef<Considered>("ConsideredAction").implement({
  description: "What a response rule makes of an incident as it is now.",
  fields: (t) => ({
    rule: t.prismaField({
      type: ResponseRule,
      nullable: true,
      description: "Which rule.",
      resolve: (query, { ruleId }, _args, context) =>
        context.services.db.prisma(viewerOf(context).organizationId).responseRule.findUnique({
          ...query,
          where: { organizationId_id: { organizationId: viewerOf(context).organizationId, id: ruleId } },
        }),
    }),
    chosen: t.exposeBoolean("chosen", { description: "Whether it would act." }),
    type: t.expose("type", {
      type: ActionTypeEnum,
      nullable: true,
      description: "What; null: the rule does not apply.",
    }),
    target: t.exposeString("target", { nullable: true, description: "To whom or what." }),
    ttl: t.field({
      type: "Duration",
      nullable: true,
      description: "For how long.",
      resolve: ({ ttl }) => (ttl ? `PT${ttl / 1000}S` : null),
    }),
    code: t.exposeString("code", { nullable: true, description: "For programs: why not, e.g. SEVERITY_DIFFERS." }),
    reason: t.exposeString("reason", { description: "Why, or why not." }),
  }),
});

/** What the response rules make of incidents, by their ids. */
const considered = batched<Considered[]>((context, ids) => {
  const { services } = context;
  return services.db.inOrganization(viewerOf(context).organizationId, async (tx) => {
    const incidents = await incidentFacts(tx, ids);
    const rules = await loadResponseRules(tx);
    const now = services.now();
    await countEarlier(tx, incidents, rules);
    await readUnaskable(tx, incidents, { rules, canAsk: services.userChecks.canAsk, now });
    const history = await loadHistory(tx, incidents, now);
    return new Map(
      incidents.map((incident) => {
        const { chosen, notChosen } = choose(incident, rules, history, now);
        return [
          incident.id,
          [
            ...chosen.map((one) => ({ ...one, ruleId: one.rule.id, chosen: true, code: null })),
            ...notChosen.map((one) => ({ ...one, ruleId: one.rule.id, chosen: false, ttl: null })),
          ],
        ];
      }),
    );
  });
});

builder.objectField(Incident, "response", (t) =>
  t.field({
    type: [ConsideredType],
    description: "What the response rules would do about it now, and what not and why. Nothing is done.",
    ...read,
    resolve: async ({ id }, _args, context) => (await considered(context, id)) ?? [],
  }),
);
