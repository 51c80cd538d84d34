import { builder } from "./builder.ts";
import { prismaOf } from "./context.ts";
import { EventCategoryEnum, EventOutcomeEnum, SeverityEnum } from "./enums.ts";
import * as filters from "./filter.ts";
import { listOf } from "./list.ts";
import { orderInput, paged, rowKey } from "./page.ts";
import { forPatients } from "./patient-filter.ts";
import { mayReadPatients } from "./phi.ts";

export const SecurityEvent = builder.prismaNode("SecurityEvent", {
  id: { resolve: (event) => event.id, description: "The event's id." },
  findUnique: rowKey,
  nullable: true, // no such row: null, not an error
  authScopes: { permission: "event.read" },
  fields: (t) => ({
    clientId: t.exposeString("clientId", { nullable: true }),
    time: t.expose("time", { type: "DateTime" }),
    receivedAt: t.expose("receivedAt", { type: "DateTime" }),
    product: t.exposeString("product", { nullable: true }),
    service: t.exposeString("service", { nullable: true }),
    logCategory: t.exposeString("logCategory", { nullable: true }),
    action: t.exposeString("action"),
    category: t.expose("category", { type: EventCategoryEnum, description: "What kind of thing it is about." }),
    outcome: t.expose("outcome", { type: EventOutcomeEnum, description: "Whether it succeeded." }),
    severity: t.expose("severity", { type: SeverityEnum, nullable: true }),
    actorId: t.exposeString("actorId", { nullable: true, description: "Id of whoever did it." }),
    actorName: t.exposeString("actorName", { nullable: true, description: "Name of whoever did it." }),
    actorEmail: t.exposeString("actorEmail", { nullable: true, description: "E-mail address of whoever did it." }),
    actorRoles: t.exposeStringList("actorRoles", { description: "Roles of whoever did it, in the application." }),
    sourceIp: t.expose("sourceIp", { type: "IPAddress", nullable: true, description: "Where it came from." }),
    sourcePort: t.exposeInt("sourcePort", { nullable: true, description: "The port it came from." }),
    sourceGeo: t.expose("sourceGeo", { type: "JSON", nullable: true }),
    userAgent: t.exposeString("userAgent", { nullable: true, description: "The program it was done with." }),
    device: t.exposeString("device", { nullable: true, description: "The device it was done on." }),
    sessionId: t.exposeString("sessionId", { nullable: true, description: "The application's session." }),
    targetType: t.exposeString("targetType", { nullable: true, description: "What kind of thing it was done to." }),
    targetId: t.exposeString("targetId", { nullable: true, description: "Id of what it was done to." }),
    targetName: t.exposeString("targetName", { nullable: true, description: "Name of what it was done to." }),
    patientId: t.exposeString("patientId", { nullable: true }),
    httpMethod: t.exposeString("httpMethod", { nullable: true, description: "The request's method." }),
    httpPath: t.exposeString("httpPath", { nullable: true, description: "The request's path." }),
    httpStatus: t.exposeInt("httpStatus", { nullable: true, description: "The answer's status." }),
    httpMore: t.expose("httpMore", { type: "JSON", nullable: true }),
    message: t.exposeString("message", { nullable: true, description: "The original text." }),
    attributes: t.expose("attributes", { type: "JSON" }),
    isWithheld: t.boolean({
      description: "Holds a patient's data that you may not read: those fields are empty. See `breakGlassStart`.",
      resolve: async ({ patientId, sealed }, _args, context) =>
        (patientId !== null || sealed !== null) && !(await mayReadPatients(context)),
    }),
  }),
});

export const SecurityEventFilter = filters.filterInput("SecurityEvent", {
  id: [filters.IdFilter, "The event's id."],
  clientId: [filters.StringFilter, "The sender's own id."],
  time: [filters.DateTimeFilter, "When it happened."],
  receivedAt: [filters.DateTimeFilter, "When Vigil received it."],
  product: [filters.StringFilter, "The product that produced it."],
  service: [filters.StringFilter, "The service that produced it."],
  action: [filters.StringFilter, "What was done."],
  category: [filters.enumFilter("EventCategoryFilter", EventCategoryEnum), "What kind of thing it is about."],
  outcome: [filters.enumFilter("EventOutcomeFilter", EventOutcomeEnum), "Whether it succeeded."],
  severity: [filters.SeverityFilter, "The sender's own severity."],
  actorId: [filters.StringFilter, "Id of whoever did it."],
  actorName: [filters.StringFilter, "Name of whoever did it."],
  actorEmail: [filters.StringFilter, "E-mail address of whoever did it."],
  sourceIp: [filters.IPAddressFilter, "Where it came from."],
  sessionId: [filters.StringFilter, "The application's session."],
  targetType: [filters.StringFilter, "What kind of thing it was done to."],
  targetId: [filters.StringFilter, "Id of what it was done to."],
  patientId: [
    filters.StringFilter,
    "Whose record it was; a sealed one is found by eq and in, by those who may read PHI.",
  ],
  httpMethod: [filters.StringFilter, "The request's method."],
  httpPath: [filters.StringFilter, "The request's path."],
  httpStatus: [filters.IntFilter, "The answer's status."],
  message: [filters.StringFilter, "The original text."],
});

const Order = orderInput("SecurityEvent", {
  TIME: ["time", "When it happened."],
  RECEIVED_AT: ["id", "When Vigil received it: ids begin with it."],
});

const list = listOf("SecurityEvent", "realtime_monitoring", { field: "time", direction: "desc" }, {}, forPatients);

builder.queryField("securityEvents", (t) =>
  t.prismaConnection({
    ...paged,
    type: SecurityEvent,
    description: "Events, the latest first.",
    authScopes: { permission: "event.read" },
    args: {
      filter: t.arg({ type: SecurityEventFilter, description: "Which." }),
      orderBy: t.arg({ type: [Order], description: "In which order." }),
    },
    totalCount: (_parent, { filter }, context) => list.count(context, filter),
    resolve: (query, _parent, asked, context) =>
      list.page(context, query, asked, (rows) => prismaOf(context).securityEvent.findMany(rows)),
  }),
);

builder.queryField("securityEvent", (t) =>
  t.prismaField({
    type: SecurityEvent,
    nullable: true,
    description: "One event.",
    authScopes: { permission: "event.read" },
    args: { id: t.arg.globalID({ required: true, for: SecurityEvent, description: "The event's id." }) },
    resolve: (query, _parent, { id }, context) =>
      prismaOf(context).securityEvent.findUnique({ ...query, where: rowKey(id.id, context) }),
  }),
);
