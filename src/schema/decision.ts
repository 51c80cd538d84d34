import type { DecisionScope } from "../generated/prisma/client.ts";
import { batched } from "./batched.ts";
import { builder } from "./builder.ts";
import { type FeedChange, prismaOf, viewerOf } from "./context.ts";
import { ActionTypeEnum, describedEnum } from "./enums.ts";
import * as filters from "./filter.ts";
import { listOf } from "./list.ts";
import { followFeed } from "./live.ts";
import { orderInput, paged, rowKey } from "./page.ts";
import { shared } from "./shared.ts";

const read = { authScopes: { permission: "decision.read" as const } };

export const ScopeEnum = describedEnum<DecisionScope>("DecisionScope", "What a decision is about.", {
  IP: "One address.",
  RANGE: "A range of addresses.",
  USER: "A user of the monitored application.",
  SESSION: "A session of it.",
});

const Acknowledgement = builder.prismaObject("DecisionAcknowledgement", {
  description: "That one enforcer applies a decision.",
  ...read,
  fields: (t) => ({
    enforcer: t.relation("enforcer", { description: "Which enforcer." }),
    appliedAt: t.expose("appliedAt", { type: "DateTime", description: "Since when." }),
    liftedAt: t.expose("liftedAt", { type: "DateTime", nullable: true, description: "Until when; null: it does." }),
  }),
});

export const Decision = builder.prismaNode("Decision", {
  id: { resolve: (decision) => decision.id, description: "The decision's id." },
  findUnique: rowKey,
  nullable: true, // no such row: null, not an error
  ...read,
  fields: (t) => ({
    type: t.expose("type", { type: ActionTypeEnum, description: "What enforcers do." }),
    scope: t.expose("scope", { type: ScopeEnum, description: "What it is about." }),
    value: t.exposeString("value"),
    version: t.exposeInt("version"),
    reason: t.exposeString("reason", { description: "Why." }),
    actor: t.exposeString("actor", { description: "Who made it; `vigil`: a response rule." }),
    createdAt: t.expose("createdAt", { type: "DateTime", description: "Since when it is in force." }),
    expiresAt: t.expose("expiresAt", { type: "DateTime", description: "When it ends by itself." }),
    revokedAt: t.expose("revokedAt", {
      type: "DateTime",
      nullable: true,
      description: "When it was ended before its time.",
    }),
    revokedBy: t.exposeString("revokedBy", { nullable: true, description: "Who ended it; `replaced`: a newer one." }),
    inForce: t.boolean({
      description: "Whether it is in force now.",
      resolve: ({ revokedAt, expiresAt }, _args, { services }) => !revokedAt && expiresAt.getTime() > services.now(),
    }),
    action: t.relation("action", { nullable: true, description: "The action it came of; null: made by hand." }),
    appliedBy: t.relation("acknowledgements", {
      type: Acknowledgement,
      description: "Where it is applied, since when: the first 200 enforcers that said so.",
      query: { orderBy: { appliedAt: "asc" }, take: 200 },
    }),
  }),
});

/** Of the organization's list. */
const newestVersion = batched<number>(async (context, keys) => {
  const { organizationId } = viewerOf(context);
  const { rows } = await context.services.db.query<{ version: string }>(
    organizationId,
    "SELECT decision_version AS version FROM organizations WHERE id = $1",
    [organizationId],
  );
  return new Map(keys.map((key) => [key, Number(rows[0]?.version ?? 0)]));
});

const online = 60_000; // ms: an enforcer asks at least every 25 seconds

builder.prismaNode("Enforcer", {
  id: { resolve: (enforcer) => enforcer.id, description: "The enforcer's id." },
  findUnique: rowKey,
  nullable: true, // no such row: null, not an error
  ...read,
  fields: (t) => ({
    name: t.exposeString("name", { description: "What it calls itself, e.g. its host." }),
    program: t.exposeString("version", { nullable: true, description: "The program and its version." }),
    lastSeenAt: t.expose("lastSeenAt", { type: "DateTime", nullable: true, description: "When it last asked." }),
    createdAt: t.expose("createdAt", { type: "DateTime", description: "When it asked first." }),
    listVersion: t.float({
      description: "The version of the list that it says it applies.",
      resolve: ({ listVersion }) => Number(listVersion),
    }),
    isOnline: t.boolean({
      description: "Whether it asked within the last minute.",
      resolve: ({ lastSeenAt }, _args, { services }) =>
        lastSeenAt !== null && services.now() - lastSeenAt.getTime() < online,
    }),
    behind: t.float({
      description: "How many changes of the list it has not applied.",
      resolve: async ({ listVersion }, _args, context) =>
        Math.max(0, ((await newestVersion(context, "")) ?? 0) - Number(listVersion)),
    }),
  }),
});

const Filter = filters.filterInput("Decision", {
  id: [filters.IdFilter, "The decision's id."],
  type: [filters.enumFilter("DecisionTypeFilter", ActionTypeEnum), "What enforcers do."],
  scope: [filters.enumFilter("DecisionScopeFilter", ScopeEnum), "What it is about."],
  value: [filters.StringFilter, "The address, range, user or session."],
  actor: [filters.StringFilter, "Who made it."],
  createdAt: [filters.DateTimeFilter, "Since when it is in force."],
  expiresAt: [filters.DateTimeFilter, "When it ends by itself."],
  revokedAt: [filters.DateTimeFilter, "When it was ended before its time."],
});
const Order = orderInput("Decision", {
  CREATED_AT: ["createdAt", "Since when it is in force."],
  EXPIRES_AT: ["expiresAt", "When it ends by itself."],
});
const decisions = listOf("Decision", "decisions", { field: "createdAt", direction: "desc" });
const enforcers = listOf("Enforcer", "enforcers", { field: "createdAt", direction: "desc" });

builder.queryFields((t) => ({
  decisions: t.prismaConnection({
    ...paged,
    type: Decision,
    description: "Decisions, the newest first; those that are over too.",
    ...read,
    args: {
      filter: t.arg({ type: Filter, description: "Which." }),
      orderBy: t.arg({ type: [Order], description: "In which order." }),
    },
    totalCount: (_parent, { filter }, context) => decisions.count(context, filter),
    resolve: (query, _parent, asked, context) =>
      decisions.page(context, query, asked, (rows) => prismaOf(context).decision.findMany(rows)),
  }),
  enforcers: t.prismaConnection({
    ...paged,
    type: "Enforcer",
    description: "The programs that apply decisions, the newest first.",
    ...read,
    totalCount: (_parent, _args, context) => enforcers.count(context, undefined),
    resolve: (query, _parent, _args, context) =>
      enforcers.page(context, query, {}, (rows) => prismaOf(context).enforcer.findMany(rows)),
  }),
}));

const DecisionEvent = builder.objectRef<FeedChange>("DecisionEvent").implement({
  description: "One change of one decision.",
  fields: (t) => ({
    cursor: t.exposeString("cursor", { description: "Give it as `after` to go on exactly behind this change." }),
    kind: t.exposeString("kind", {
      description:
        "CREATED or REVOKED; expiry is by the clock. CURSOR_EXPIRED: `after` is too old, read everything anew.",
    }),
    at: t.expose("at", { type: "DateTime", description: "When it changed." }),
    decision: t.prismaField({
      type: Decision,
      nullable: true,
      description: "The decision as it is now; null for CURSOR_EXPIRED.",
      resolve: (query, { entityId }, _args, context) =>
        entityId === undefined
          ? null
          : prismaOf(context).decision.findUnique({ ...query, where: rowKey(entityId, context) }),
    }),
  }),
});

builder.subscriptionField("decisionEvents", (t) =>
  t.field({
    type: DecisionEvent,
    description: "Durable: every change of every decision, in order and without gaps.",
    ...read,
    extensions: shared({ permission: "decision.read", durable: "decision" }),
    args: { after: t.arg.string({ description: "Resume behind this cursor; absent: from now on." }) },
    subscribe: (_parent, { after }, context) => followFeed(context, "decision.read", "decision", after),
    resolve: (event) => event,
  }),
);
