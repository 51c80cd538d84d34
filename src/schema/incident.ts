import { VigilError } from "../errors.ts";
import { incidentStatuses } from "../incident/state.ts";
import { severities } from "../ingest/event.ts";
import { AlertRule } from "./alert-rule.ts";
import { builder } from "./builder.ts";
import { type Context, prismaOf, viewerOf } from "./context.ts";
import { IncidentStatusEnum, ResolutionEnum, SeverityEnum } from "./enums.ts";
import * as filters from "./filter.ts";
import { byWords, WordsFilter } from "./incident-search.ts";
import { listOf } from "./list.ts";
import { orderInput, paged, rowKey } from "./page.ts";
import { partsOf } from "./parts-of.ts";
import { plainList, plainObjects, plainOne, plainParts } from "./plain.ts";
import { type Subject, SubjectType } from "./subject.ts";
import { readWords } from "./words.ts";

const newestFirst = { field: "createdAt", direction: "desc" } as const;
const list = listOf(
  "Incident",
  "security_incidents",
  newestFirst,
  { severity: severities, status: incidentStatuses },
  byWords,
);
const detections = partsOf("detections", "incidentId", newestFirst);
const entries = partsOf("incident_entries", "incidentId", { field: "at", direction: "asc" });
const actions = partsOf("incident_actions", "incidentId", newestFirst);
const alerts = partsOf("security_alerts", "incidentId", newestFirst);

export const Incident = builder.prismaNode("Incident", {
  id: { resolve: (incident) => incident.id, description: "The incident's id." },
  findUnique: rowKey,
  nullable: true, // no such row: null, not an error
  authScopes: { permission: "incident.read" },
  fields: (t) => ({
    number: t.exposeInt("number"),
    title: t.exposeString("title", { description: "What happened, in a line." }),
    severity: t.expose("severity", { type: SeverityEnum, description: "How bad it is." }),
    status: t.expose("status", { type: IncidentStatusEnum, description: "Where it is in its life." }),
    fingerprint: t.exposeString("fingerprint", { description: "What its detections have in common." }),
    threatScore: t.exposeFloat("threatScore"),
    subjects: t.field({
      extensions: plainObjects("subjects"),
      type: [SubjectType],
      description: "Whom or what it is about.",
      resolve: ({ subjects }) => subjects as unknown as Subject[],
    }),
    tags: t.exposeStringList("tags", { description: "The tags of its rules." }),
    detectionCount: t.exposeInt("detectionCount", { description: "How many detections it gathers." }),
    eventCount: t.exposeInt("eventCount", { description: "How many events they gather." }),
    firstEventAt: t.expose("firstEventAt", { type: "DateTime", description: "When its first event happened." }),
    lastEventAt: t.expose("lastEventAt", { type: "DateTime", description: "When its last event happened." }),
    openedAt: t.expose("openedAt", { type: "DateTime", description: "When it was opened." }),
    acknowledgedAt: t.expose("acknowledgedAt", {
      type: "DateTime",
      nullable: true,
      description: "When it was first seen.",
    }),
    acknowledgedBy: t.exposeString("acknowledgedBy", { nullable: true, description: "Who saw it first." }),
    resolvedAt: t.expose("resolvedAt", { type: "DateTime", nullable: true, description: "When it was resolved." }),
    resolvedBy: t.exposeString("resolvedBy", { nullable: true, description: "Who resolved it." }),
    resolution: t.expose("resolution", { type: ResolutionEnum, nullable: true, description: "Why it was resolved." }),
    resolutionReason: t.string({
      nullable: true,
      description: "Why, in words; withheld from whoever may not read patients' data, since it may name some.",
      resolve: ({ id, sealedReason, resolutionReason }, _args, context) =>
        readWords(context, "resolution", { id, sealed: sealedReason, clear: resolutionReason }),
    }),
    revision: t.exposeInt("revision"),
    createdAt: t.expose("createdAt", { type: "DateTime", description: "When its row was made." }),
    updatedAt: t.expose("updatedAt", { type: "DateTime", description: "When it last changed." }),
    rule: t.relation("rule", {
      extensions: plainOne("alert_rules", "rule_id"),
      type: AlertRule,
      nullable: true,
      description: "The rule that opened it.",
    }),
    detections: t.prismaConnection({
      ...paged,
      extensions: plainParts(detections),
      type: "Detection",
      description: "What it gathers, the latest first.",
      totalCount: (incident, _args, context) => detections.count(context, incident.id),
      resolve: (query, incident, _args, context) =>
        detections.page(context, query, incident.id, (rows) => prismaOf(context).detection.findMany(rows)),
    }),
    entries: t.prismaConnection({
      ...paged,
      type: "IncidentEntry",
      description: "Its timeline, oldest first.",
      totalCount: (incident, _args, context) => entries.count(context, incident.id),
      resolve: (query, incident, _args, context) =>
        entries.page(context, query, incident.id, (rows) => prismaOf(context).incidentEntry.findMany(rows)),
    }),
    actions: t.prismaConnection({
      ...paged,
      extensions: plainParts(actions),
      type: "IncidentAction",
      description: "What was done about it, the latest first.",
      totalCount: (incident, _args, context) => actions.count(context, incident.id),
      resolve: (query, incident, _args, context) =>
        actions.page(context, query, incident.id, (rows) => prismaOf(context).incidentAction.findMany(rows)),
    }),
    alerts: t.prismaConnection({
      ...paged,
      extensions: plainParts(alerts),
      type: "Alert",
      description: "Who was told, the latest first.",
      totalCount: (incident, _args, context) => alerts.count(context, incident.id),
      resolve: (query, incident, _args, context) =>
        alerts.page(context, query, incident.id, (rows) => prismaOf(context).alert.findMany(rows)),
    }),
  }),
});

export const IncidentFilter = filters.filterInput("Incident", {
  id: [filters.IdFilter, "The incident's id."],
  number: [filters.IntFilter, "Its number."],
  title: [filters.StringFilter, "What happened."],
  severity: [filters.SeverityFilter, "How bad it is."],
  status: [filters.enumFilter("IncidentStatusFilter", IncidentStatusEnum), "Where it is in its life."],
  resolution: [filters.enumFilter("IncidentResolutionFilter", ResolutionEnum), "Why it was resolved."],
  ruleId: [filters.IdFilter, "The rule that opened it."],
  fingerprint: [filters.StringFilter, "What its detections have in common."],
  threatScore: [filters.FloatFilter, "0 to 100."],
  detectionCount: [filters.IntFilter, "How many detections it gathers."],
  eventCount: [filters.IntFilter, "How many events they gather."],
  firstEventAt: [filters.DateTimeFilter, "When its first event happened."],
  lastEventAt: [filters.DateTimeFilter, "When its last event happened."],
  openedAt: [filters.DateTimeFilter, "When it was opened."],
  words: [WordsFilter, "The words it is found by."],
  assigneeId: [filters.IdFilter, "Who works on it."],
  mergedIntoId: [filters.IdFilter, "Where it lives on."],
  acknowledgedBy: [filters.StringFilter, "Who saw it first."],
  resolvedBy: [filters.StringFilter, "Who resolved it."],
  createdAt: [filters.DateTimeFilter, "When its row was made."],
  updatedAt: [filters.DateTimeFilter, "When it last changed."],
});

const Order = orderInput("Incident", {
  CREATED_AT: ["createdAt", "When its row was made."],
  NUMBER: ["number", "Its number."],
  SEVERITY: ["severity", "How bad it is."],
  THREAT_SCORE: ["threatScore", "0 to 100."],
  OPENED_AT: ["openedAt", "When it was opened."],
  LAST_EVENT_AT: ["lastEventAt", "When its last event happened: an incident that grows moves."],
  UPDATED_AT: ["updatedAt", "When it last changed: an incident that changes moves."],
});

builder.queryField("incidents", (t) =>
  t.prismaConnection({
    ...paged,
    extensions: plainList(list),
    type: Incident,
    description: "Incidents, the latest first.",
    authScopes: { permission: "incident.read" },
    args: {
      filter: t.arg({ type: IncidentFilter, description: "Which." }),
      orderBy: t.arg({ type: [Order], description: "In which order." }),
    },
    totalCount: (_parent, { filter }, context) => list.count(context, filter),
    resolve: (query, _parent, asked, context) =>
      list.page(context, query, asked, (rows) => prismaOf(context).incident.findMany(rows)),
  }),
);

builder.queryField("incident", (t) =>
  t.prismaField({
    type: Incident,
    nullable: true,
    description: "One incident, by id or by number.",
    authScopes: { permission: "incident.read" },
    args: {
      id: t.arg.globalID({ for: Incident, description: "The incident's id." }),
      number: t.arg.int({ description: "Its number." }),
    },
    resolve: (query, _parent, { id, number }, context) =>
      prismaOf(context).incident.findUnique({ ...query, where: keyOf(context, id?.id, number) }),
  }),
);

/** Of these incidents those that fit a filter as they are now. */
export const fittingIncidents = list.fitting;

function keyOf(context: Context, id: string | undefined, number: number | null | undefined) {
  if (id !== undefined && number == null) return rowKey(id, context);
  if (id === undefined && number != null) {
    return { organizationId_number: { organizationId: viewerOf(context).organizationId, number } };
  }
  throw new VigilError("BAD_USER_INPUT", "Give either id or number", { path: ["id"] });
}
