import { audit } from "../access/audit.ts";
import { addEvidence } from "../incident/evidence.ts";
import { addTask, finishTask } from "../incident/task.ts";
import { builder } from "./builder.ts";
import { actorOf, auditActorOf, prismaOf, viewerOf } from "./context.ts";
import { Incident } from "./incident.ts";
import { Person } from "./incident-assignee.ts";
import { changeIncident, incidentPayload } from "./incident-payload.ts";
import { rowKey } from "./page.ts";
import { attempt } from "./payload.ts";
import { SecurityEvent } from "./security-event.ts";
import { readWords } from "./words.ts";

const IncidentTask = builder.prismaNode("IncidentTask", {
  id: { resolve: (task) => task.id, description: "The task's id." },
  findUnique: rowKey,
  nullable: true, // no such row: null, not an error
  authScopes: { permission: "incident.read" },
  fields: (t) => ({
    text: t.string({
      description: "What is to be done; withheld from whoever may not read patients' data, since it may name some.",
      resolve: async ({ id, sealed }, _args, context) => (await readWords(context, "task", { id, sealed })) ?? "",
    }),
    assignee: t.relation("assignee", { type: Person, nullable: true, description: "Who is to do it." }),
    dueAt: t.expose("dueAt", { type: "DateTime", nullable: true, description: "Until when." }),
    author: t.exposeString("author"),
    doneAt: t.expose("doneAt", { type: "DateTime", nullable: true, description: "When it was done; null: not yet." }),
    doneBy: t.exposeString("doneBy", { nullable: true, description: "Who did it." }),
    createdAt: t.expose("createdAt", { type: "DateTime", description: "When it was added." }),
    incident: t.relation("incident", { description: "The incident it is about." }),
  }),
});

const IncidentEvidence = builder.prismaNode("IncidentEvidence", {
  id: { resolve: (evidence) => evidence.id, description: "The evidence's id." },
  findUnique: rowKey,
  nullable: true, // no such row: null, not an error
  authScopes: { permission: "incident.read" },
  fields: (t) => ({
    event: t.prismaField({
      type: SecurityEvent,
      nullable: true,
      description: "The event, while it is kept.",
      authScopes: { permission: "event.read" },
      resolve: (query, { eventId }, _args, context) =>
        eventId ? prismaOf(context).securityEvent.findUnique({ ...query, where: rowKey(eventId, context) }) : null,
    }),
    url: t.exposeString("url", { nullable: true, description: "Where to look, elsewhere." }),
    note: t.string({
      nullable: true,
      description: "A note; withheld from whoever may not read patients' data, since it may name some.",
      resolve: ({ id, sealed }, _args, context) => readWords(context, "evidence", { id, sealed }),
    }),
    author: t.exposeString("author"),
    createdAt: t.expose("createdAt", { type: "DateTime", description: "When it was added." }),
    incident: t.relation("incident", { description: "The incident it is about." }),
  }),
});

const most = 200; // of either, on one incident

builder.prismaObjectFields(Incident, (t) => ({
  tasks: t.relation("tasks", {
    type: IncidentTask,
    description: "What is to be done, in order of adding; the first 200.",
    query: { orderBy: [{ createdAt: "asc" }, { id: "asc" }], take: most },
  }),
  evidence: t.relation("evidence", {
    type: IncidentEvidence,
    description: "What people found, in order of adding; the first 200.",
    query: { orderBy: [{ createdAt: "asc" }, { id: "asc" }], take: most },
  }),
}));

const TaskAddInput = builder.inputType("IncidentTaskAddInput", {
  description: "What is to be done.",
  fields: (t) => ({
    text: t.string({ required: true, description: "1 to 500 characters, kept sealed." }),
    assignee: t.string({ description: "By whom: the e-mail address of a user who may work on incidents." }),
    dueAt: t.field({ type: "DateTime", description: "Until when; not in the past." }),
  }),
});
const EvidenceAddInput = builder.inputType("IncidentEvidenceAddInput", {
  description: "What was found: an event or a link, a note, or both.",
  fields: (t) => ({
    eventId: t.globalID({ for: SecurityEvent, description: "An event." }),
    url: t.field({ type: "URL", description: "Where to look, elsewhere: https or http." }),
    note: t.string({ description: "At most 5,000 characters, kept sealed." }),
  }),
});
const TaskAddPayload = incidentPayload("IncidentTaskAddPayload");
const TaskFinishPayload = incidentPayload("IncidentTaskFinishPayload");
const EvidenceAddPayload = incidentPayload("IncidentEvidenceAddPayload");
const guard = { authScopes: { permission: "incident.write" as const } };

builder.mutationFields((t) => {
  const id = t.arg.globalID({ required: true, for: Incident, description: "The incident." });
  return {
    incidentTaskAdd: t.field({
      ...guard,
      type: TaskAddPayload,
      description: "Adds a task to an open incident.",
      args: { id, input: t.arg({ type: TaskAddInput, required: true, description: "What." }) },
      resolve: (_parent, { id, input }, context) =>
        changeIncident(context, id.id, "INCIDENT_TASK_ADDED", {}, (tx, who) =>
          addTask(tx, context.services.vault, {
            ...who,
            text: input.text,
            assignee: input.assignee ?? undefined,
            dueAt: input.dueAt ?? undefined,
          }),
        ),
    }),
    incidentTaskFinish: t.field({
      ...guard,
      type: TaskFinishPayload,
      description: "Ticks a task off.",
      args: { id: t.arg.globalID({ required: true, for: IncidentTask, description: "The task." }) },
      resolve: (_parent, { id }, context) =>
        attempt(async () => {
          rowKey(id.id, context);
          const { incidentId, cursor } = await context.services.change(viewerOf(context).organizationId, async (tx) => {
            const who = { actor: actorOf(context), now: context.services.now() };
            const done = await finishTask(tx, { taskId: id.id, ...who });
            const entry = { actor: auditActorOf(context), action: "INCIDENT_TASK_DONE", entityKind: "Incident" };
            await audit(tx, { ...entry, entityId: done.incidentId, detail: { taskId: id.id } });
            return done;
          });
          return { id: incidentId, cursor };
        }),
    }),
    incidentEvidenceAdd: t.field({
      ...guard,
      type: EvidenceAddPayload,
      description: "Adds evidence to an incident, whatever its status. Evidence stays.",
      args: { id, input: t.arg({ type: EvidenceAddInput, required: true, description: "What." }) },
      resolve: (_parent, { id, input }, context) =>
        changeIncident(context, id.id, "INCIDENT_EVIDENCE_ADDED", { eventId: input.eventId?.id }, (tx, who) =>
          addEvidence(tx, context.services.vault, {
            ...who,
            eventId: input.eventId?.id,
            url: input.url?.toString(),
            note: input.note ?? undefined,
          }),
        ),
    }),
  };
});
