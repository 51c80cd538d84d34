import type { BreakGlassOutcome } from "../audit/break-glass.ts";
import { judgeBreakGlass, reviewBreakGlass, startBreakGlass } from "../audit/break-glass.ts";
import { reportIncident } from "../incident/report.ts";
import { builder } from "./builder.ts";
import { prismaOf, viewerOf } from "./context.ts";
import { listOf } from "./list.ts";
import { paged, rowKey } from "./page.ts";
import { attempt, type Outcome, UserErrorType } from "./payload.ts";
import { readWords } from "./words.ts";

const OutcomeEnum = builder.enumType("BreakGlassOutcome", {
  description: "What the reviewer of a break-glass use found.",
  values: {
    JUSTIFIED: { value: "JUSTIFIED" as BreakGlassOutcome, description: "It was an emergency." },
    UNJUSTIFIED: { value: "UNJUSTIFIED" as BreakGlassOutcome, description: "It was none." },
  },
});

export const BreakGlassUse = builder.prismaNode("BreakGlassUse", {
  id: { resolve: (use) => use.id, description: "The use's id." },
  findUnique: rowKey,
  nullable: true, // no such row: null, not an error
  authScopes: (use, context) => (use.userId === context.viewer?.id ? true : { permission: "audit.read" }),
  fields: (t) => ({
    actor: t.exposeString("actor"),
    reason: t.string({
      description:
        "Why, in their words; withheld from whoever may not read patients' data, but for themselves, since it may name some.",
      resolve: async ({ id, userId, sealedReason, reason }, _args, context) => {
        const words = { id, sealed: sealedReason, clear: reason };
        return (await readWords(context, "breakGlassReason", words, userId === context.viewer?.id)) ?? "";
      },
    }),
    startedAt: t.expose("startedAt", { type: "DateTime", description: "From when on." }),
    expiresAt: t.expose("expiresAt", { type: "DateTime", description: "Until when." }),
    incident: t.relation("incident", { nullable: true, description: "The incident that reports it." }),
    isOpen: t.boolean({ description: "Nobody has reviewed it yet.", resolve: ({ reviewedAt }) => reviewedAt === null }),
    reviewedAt: t.expose("reviewedAt", { type: "DateTime", nullable: true, description: "When it was reviewed." }),
    reviewedBy: t.exposeString("reviewedBy", { nullable: true, description: "Who reviewed it." }),
    outcome: t.expose("outcome", { type: OutcomeEnum, nullable: true, description: "What the reviewer found." }),
    reviewNote: t.string({
      nullable: true,
      description:
        "What the reviewer wrote; withheld from whoever may not read patients' data, since it may name some.",
      resolve: ({ id, sealedNote, reviewNote }, _args, context) =>
        readWords(context, "breakGlassNote", { id, sealed: sealedNote, clear: reviewNote }),
    }),
  }),
});

const list = listOf("BreakGlassUse", "break_glass_uses", { field: "startedAt", direction: "desc" });

builder.queryField("breakGlassUses", (t) =>
  t.prismaConnection({
    ...paged,
    type: BreakGlassUse,
    description: "Uses of break-glass, the latest first. Those that are open wait for a review by another person.",
    authScopes: { permission: "audit.read" },
    args: { isOpen: t.arg.boolean({ description: "Only those that nobody has reviewed yet, or only the others." }) },
    totalCount: (_parent, { isOpen }, context) => list.count(context, openness(isOpen)),
    resolve: (query, _parent, { isOpen }, context) =>
      list.page(context, query, { filter: openness(isOpen) }, (rows) => prismaOf(context).breakGlassUse.findMany(rows)),
  }),
);

function openness(isOpen: boolean | null | undefined) {
  if (isOpen == null) return {};
  return { reviewedAt: isOpen ? { eq: null } : { neq: null } };
}

const StartInput = builder.inputType("BreakGlassStartInput", {
  description: "An emergency.",
  fields: (t) => ({
    reason: t.string({ required: true, description: "Why: 10 to 1,000 characters. The reviewer reads it." }),
    minutes: t.int({ required: true, description: "For how long: 1 to 60." }),
  }),
});

const ReviewInput = builder.inputType("BreakGlassReviewInput", {
  description: "What the reviewer found.",
  fields: (t) => ({
    outcome: t.field({ type: OutcomeEnum, required: true, description: "Whether it was an emergency." }),
    note: t.string({ required: true, description: "In words: 1 to 2,000 characters." }),
  }),
});

function payload(name: string, description: string) {
  return builder.objectRef<Outcome<{ id: string }>>(name).implement({
    description,
    fields: (t) => ({
      breakGlassUse: t.prismaField({
        type: BreakGlassUse,
        nullable: true,
        description: "The use as it is now; null when there are user errors.",
        resolve: (query, { value }, _args, context) =>
          value ? prismaOf(context).breakGlassUse.findUnique({ ...query, where: rowKey(value.id, context) }) : null,
      }),
      userErrors: t.field({
        type: [UserErrorType],
        description: "Why nothing was done.",
        resolve: (it) => it.userErrors,
      }),
    }),
  });
}

const StartPayload = payload("BreakGlassStartPayload", "The use that has begun, or why none has.");
builder.mutationField("breakGlassStart", (t) =>
  t.field({
    type: StartPayload,
    description:
      "Gives you leave to read patients' data, for an emergency: at most 60 minutes. Opens an incident at once, and stays open until another person has reviewed it.",
    authScopes: { permission: "breakglass.use" },
    args: { input: t.arg({ type: StartInput, required: true, description: "The emergency." }) },
    resolve: (_parent, { input }, context) =>
      attempt(() => {
        const viewer = viewerOf(context);
        const { reason, minutes } = judgeBreakGlass(viewer, input);
        const { vault } = context.services;
        const now = context.services.now();
        return context.services.change(viewer.organizationId, async (tx) => {
          const report = {
            title: `Break-glass used: ${viewer.name}`,
            severity: "HIGH" as const,
            fingerprint: `break-glass:${viewer.id}:${now}`,
            threatScore: 60,
            subjects: [{ kind: "actor.name", key: viewer.name }],
            tags: ["break-glass"],
            message: `${viewer.name} gave themselves leave to read patients' data for ${minutes} minutes`,
            words: reason,
            actor: viewer.name,
            now,
          };
          const { id: incidentId } = await reportIncident(tx, report, vault);
          return startBreakGlass(tx, vault, { viewer, reason, minutes, incidentId, address: context.address, now });
        });
      }),
  }),
);

const ReviewPayload = payload("BreakGlassReviewPayload", "The use after its review, or why it was not reviewed.");
builder.mutationField("breakGlassReview", (t) =>
  t.field({
    type: ReviewPayload,
    description: "Says what another person's use of break-glass was: closes the task that it left.",
    authScopes: { permission: "compliance.write" },
    args: {
      id: t.arg.globalID({ required: true, for: BreakGlassUse, description: "The use." }),
      input: t.arg({ type: ReviewInput, required: true, description: "What was found." }),
    },
    resolve: (_parent, { id, input }, context) =>
      attempt(async () => {
        const viewer = viewerOf(context);
        const now = context.services.now();
        await context.services.db.inOrganization(viewer.organizationId, (tx) =>
          reviewBreakGlass(tx, context.services.vault, {
            id: id.id,
            viewer,
            outcome: input.outcome,
            note: input.note,
            now,
          }),
        );
        return { id: id.id };
      }),
  }),
);
