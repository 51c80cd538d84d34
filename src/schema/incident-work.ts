import { riskBySeverity } from "../detect/risk.ts";
import { holdTurn } from "../detect/turn.ts";
import { mergeIncident, unmergeIncident } from "../incident/merge.ts";
import { assignIncident, commentIncident, workers } from "../incident/work.ts";
import { builder } from "./builder.ts";
import { prismaOf, viewerOf } from "./context.ts";
import { Incident } from "./incident.ts";
import { Person } from "./incident-assignee.ts";
import { changeIncident, expected, incidentPayload, revisionText } from "./incident-payload.ts";

const guard = { authScopes: { permission: "incident.write" as const } };

builder.queryField("assignees", (t) =>
  t.prismaField({
    type: [Person],
    description: "Who can be asked to work on incidents, by e-mail address; the first 500.",
    authScopes: { permission: "incident.read" },
    resolve: (query, _parent, _args, context) =>
      prismaOf(context).user.findMany({
        ...query,
        where: { organizationId: viewerOf(context).organizationId, suspendedAt: null, role: { in: [...workers] } },
        orderBy: { email: "asc" },
        take: 500,
      }),
  }),
);

const AssignInput = builder.inputType("IncidentAssignInput", {
  description: "Whom to give the incident to.",
  fields: (t) => ({
    assignee: t.string({ description: "The e-mail address of a user who may work on incidents; null: nobody." }),
    expectedRevision: t.int({ description: revisionText }),
  }),
});
const CommentInput = builder.inputType("IncidentCommentInput", {
  description: "What to write.",
  fields: (t) => ({
    body: t.string({
      required: true,
      description: "Markdown, 1 to 20,000 characters; kept sealed. HTML in it is text.",
    }),
  }),
});
const MergeInput = builder.inputType("IncidentMergeInput", {
  description: "What to merge it into, and why.",
  fields: (t) => ({
    intoId: t.globalID({ required: true, for: Incident, description: "The open incident it is to live on in." }),
    reason: t.string({ required: true, description: "Why, for people: 1 to 2,000 characters, kept sealed." }),
    expectedRevision: t.int({ description: revisionText }),
  }),
});
const UnmergeInput = builder.inputType("IncidentUnmergeInput", {
  description: "How.",
  fields: (t) => ({ expectedRevision: t.int({ description: revisionText }) }),
});

const AssignPayload = incidentPayload("IncidentAssignPayload");
const CommentPayload = incidentPayload("IncidentCommentPayload");
const MergePayload = incidentPayload("IncidentMergePayload");
const UnmergePayload = incidentPayload("IncidentUnmergePayload");

builder.mutationFields((t) => {
  const id = t.arg.globalID({ required: true, for: Incident, description: "The incident." });
  return {
    incidentAssign: t.field({
      ...guard,
      type: AssignPayload,
      description: "Says who works on the incident.",
      args: { id, input: t.arg({ type: AssignInput, required: true, description: "Whom." }) },
      resolve: (_parent, { id, input }, context) =>
        changeIncident(context, id.id, "INCIDENT_ASSIGNED", { assignee: input.assignee ?? null }, (tx, who) =>
          assignIncident(tx, { ...who, assignee: input.assignee ?? null, ...expected(input) }),
        ),
    }),
    incidentComment: t.field({
      ...guard,
      type: CommentPayload,
      description: "Writes a comment into the timeline.",
      args: { id, input: t.arg({ type: CommentInput, required: true, description: "What." }) },
      resolve: (_parent, { id, input }, context) =>
        changeIncident(context, id.id, "INCIDENT_COMMENTED", {}, (tx, who) =>
          commentIncident(tx, context.services.vault, { ...who, body: input.body }),
        ),
    }),
    incidentMerge: t.field({
      ...guard,
      type: MergePayload,
      description: "Says that the incident is part of another: its detections, and those to come, belong to that one.",
      args: { id, input: t.arg({ type: MergeInput, required: true, description: "Into which." }) },
      resolve: (_parent, { id, input }, context) =>
        changeIncident(context, id.id, "INCIDENT_MERGED", { intoId: input.intoId.id }, async (tx, who) => {
          await holdTurn(tx); // a batch may raise the one while whoever has the other waits for it
          return mergeIncident(tx, context.services.vault, {
            ...who,
            intoId: input.intoId.id,
            reason: input.reason,
            weights: riskBySeverity,
            ...expected(input),
          });
        }),
    }),
    incidentUnmerge: t.field({
      ...guard,
      type: UnmergePayload,
      description: "Undoes a merge: the incident is what it was, and has its own detections back.",
      args: { id, input: t.arg({ type: UnmergeInput, description: "How." }) },
      resolve: (_parent, { id, input }, context) =>
        changeIncident(context, id.id, "INCIDENT_UNMERGED", {}, async (tx, who) => {
          await holdTurn(tx); // a batch that opens incidents, as this does, may raise what is locked here
          return unmergeIncident(tx, { ...who, weights: riskBySeverity, ...expected(input ?? {}) });
        }),
    }),
  };
});
