import { severities } from "../ingest/event.ts";
import { AlertRule } from "./alert-rule.ts";
import { batched } from "./batched.ts";
import { builder } from "./builder.ts";
import { prismaOf } from "./context.ts";
import { ResolutionEnum, RuleModeEnum, SeverityEnum } from "./enums.ts";
import * as filters from "./filter.ts";
import { listOf } from "./list.ts";
import { orderInput, paged, rowKey } from "./page.ts";
import { hidingBy } from "./phi-filter.ts";
import { plainList, plainObjects, plainOne } from "./plain.ts";
import { SecurityEvent } from "./security-event.ts";
import { type Subject, SubjectType } from "./subject.ts";

/** Events of the detections of one page, read together. `selection` is Prisma's, as JSON. */
const eventOf = batched<{ id: string }>(async (context, ids, selection) => {
  const events = await prismaOf(context).securityEvent.findMany({
    ...(JSON.parse(selection) as object),
    where: { id: { in: ids } },
  });
  return new Map(events.map((event) => [event.id, event]));
});

export const Detection = builder.prismaNode("Detection", {
  id: { resolve: (detection) => detection.id, description: "The detection's id." },
  findUnique: rowKey,
  nullable: true, // no such row: null, not an error
  authScopes: { permission: "incident.read" },
  fields: (t) => ({
    ruleRevision: t.exposeInt("ruleRevision", { description: "The revision of the rule that fired." }),
    mode: t.expose("mode", { type: RuleModeEnum }),
    severity: t.expose("severity", { type: SeverityEnum, description: "How bad it is." }),
    fingerprint: t.exposeString("fingerprint"),
    weak: t.exposeBoolean("weak"),
    subjects: t.field({
      extensions: plainObjects("subjects"),
      type: [SubjectType],
      description: "Whom or what it is about.",
      resolve: ({ subjects }) => subjects as unknown as Subject[],
    }),
    explanation: t.exposeString("explanation"),
    firstEventAt: t.expose("firstEventAt", { type: "DateTime", description: "When its first event happened." }),
    lastEventAt: t.expose("lastEventAt", { type: "DateTime", description: "When its last event happened." }),
    eventCount: t.exposeInt("eventCount", { description: "How many events it gathers." }),
    events: t.prismaField({
      type: [SecurityEvent],
      description: "At most 20 of its events, oldest first.",
      resolve: async (query, { eventIds }, _args, context) => {
        const found = await Promise.all(eventIds.map((id) => eventOf(context, id, JSON.stringify(query))));
        return found
          .filter((event) => event !== undefined)
          .sort((one, other) => (one.id < other.id ? -1 : 1)) as never[];
      },
    }),
    resolution: t.expose("resolution", {
      type: ResolutionEnum,
      nullable: true,
      description: "What a person said of it while it is in no incident; what is in one is judged with it.",
    }),
    resolvedBy: t.exposeString("resolvedBy", { nullable: true, description: "Who said so." }),
    resolvedAt: t.expose("resolvedAt", { type: "DateTime", nullable: true, description: "When they said so." }),
    createdAt: t.expose("createdAt", { type: "DateTime", description: "When the rule fired." }),
    updatedAt: t.expose("updatedAt", { type: "DateTime", description: "When it last grew." }),
    rule: t.relation("rule", {
      extensions: plainOne("alert_rules", "rule_id"),
      type: AlertRule,
      description: "The rule that fired.",
    }),
    incident: t.relation("incident", {
      extensions: plainOne("security_incidents", "incident_id"),
      nullable: true,
      description: "The incident that gathers it.",
    }),
  }),
});

const Filter = filters.filterInput("Detection", {
  id: [filters.IdFilter, "The detection's id."],
  ruleId: [filters.IdFilter, "The rule that fired."],
  incidentId: [filters.IdFilter, "The incident that gathers it."],
  mode: [filters.enumFilter("DetectionModeFilter", RuleModeEnum), "The rule's mode when it fired."],
  severity: [filters.SeverityFilter, "How bad it is."],
  resolution: [filters.enumFilter("DetectionResolutionFilter", ResolutionEnum), "What a person said of it."],
  weak: [filters.BooleanFilter, "Whether it is a sign that opens no incident by itself."],
  fingerprint: [filters.StringFilter, "What incidents gather by."],
  firstEventAt: [filters.DateTimeFilter, "When its first event happened."],
  lastEventAt: [filters.DateTimeFilter, "When its last event happened."],
  eventCount: [filters.IntFilter, "How many events it gathers."],
  createdAt: [filters.DateTimeFilter, "When the rule fired."],
});

const Order = orderInput("Detection", {
  CREATED_AT: ["createdAt", "When the rule fired."],
  SEVERITY: ["severity", "How bad it is."],
  FIRST_EVENT_AT: ["firstEventAt", "When its first event happened."],
  LAST_EVENT_AT: ["lastEventAt", "When its last event happened: a detection that grows moves."],
});

const list = listOf(
  "Detection",
  "detections",
  { field: "createdAt", direction: "desc" },
  { severity: severities },
  hidingBy("detections", ["fingerprint"]),
);

builder.queryField("detections", (t) =>
  t.prismaConnection({
    ...paged,
    extensions: plainList(list),
    type: Detection,
    description: "Detections, the latest first.",
    authScopes: { permission: "incident.read" },
    args: {
      filter: t.arg({ type: Filter, description: "Which." }),
      orderBy: t.arg({ type: [Order], description: "In which order." }),
    },
    totalCount: (_parent, { filter }, context) => list.count(context, filter),
    resolve: (query, _parent, asked, context) =>
      list.page(context, query, asked, (rows) => prismaOf(context).detection.findMany(rows)),
  }),
);
