import { takeBack } from "../feedback.ts";
import { builder } from "./builder.ts";
import { actorOf, auditActorOf, prismaOf, viewerOf } from "./context.ts";
import { EntityKindEnum, type ShownKind } from "./entity.ts";
import { ResolutionEnum } from "./enums.ts";
import { rowKey } from "./page.ts";
import { attempt, type Outcome, UserErrorType } from "./payload.ts";

export const Feedback = builder.prismaNode("Feedback", {
  id: { resolve: (feedback) => feedback.id, description: "The feedback's id." },
  findUnique: rowKey,
  nullable: true, // no such row: null, not an error
  authScopes: { permission: "incident.read" },
  fields: (t) => ({
    entityKind: t.field({
      type: EntityKindEnum,
      description: "What it is about.",
      resolve: ({ entityKind }) => entityKind as ShownKind,
    }),
    entityKey: t.exposeString("entityKey", { description: "Whom." }),
    resolution: t.expose("resolution", {
      type: ResolutionEnum,
      description: "How the incident was resolved, or the detection judged.",
    }),
    taught: t.exposeStringList("taught", {
      description: "What is known of it since then, in words.",
      authScopes: { permission: "profile.read" },
    }),
    withdrawn: t.exposeInt("withdrawn", { description: "How many contributions to its threat score count no longer." }),
    by: t.exposeString("by", { description: "Who resolved or judged it." }),
    at: t.expose("at", { type: "DateTime", description: "When." }),
    undoneBy: t.exposeString("undoneBy", { nullable: true, description: "Who took it back." }),
    undoneAt: t.expose("undoneAt", { type: "DateTime", nullable: true, description: "When it was taken back." }),
    incident: t.relation("incident", { nullable: true, description: "The incident; null: a detection taught it." }),
    detection: t.relation("detection", {
      nullable: true,
      description: "The detection in no incident that was judged; null: an incident taught it.",
    }),
  }),
});

const Payload = builder.objectRef<Outcome<string>>("FeedbackUndoPayload").implement({
  description: "The feedback after it was taken back, or why it was not.",
  fields: (t) => ({
    feedback: t.prismaField({
      type: Feedback,
      nullable: true,
      description: "As it is now; null when there are user errors.",
      resolve: (query, { value }, _args, context) =>
        value ? prismaOf(context).feedback.findUnique({ ...query, where: rowKey(value, context) }) : null,
    }),
    userErrors: t.field({
      type: [UserErrorType],
      description: "Why nothing was changed.",
      resolve: (it) => it.userErrors,
    }),
  }),
});

builder.mutationField("feedbackUndo", (t) =>
  t.field({
    type: Payload,
    description:
      "Takes feedback back: what it taught is unknown again, and what it took out of the threat score counts again. Reopening the incident takes all of its feedback back, `detectionJudgeUndo` all of a detection's.",
    authScopes: { permission: "incident.write" },
    args: { id: t.arg.globalID({ required: true, for: Feedback, description: "The feedback." }) },
    resolve: (_parent, { id: { id } }, context) =>
      attempt(async () => {
        rowKey(id, context);
        const { change, now } = context.services;
        const who = { actor: actorOf(context), auditActor: auditActorOf(context), now: now() };
        await change(viewerOf(context).organizationId, (tx) => takeBack(tx, id, who));
        return id;
      }),
  }),
);
