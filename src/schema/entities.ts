import { nameOfUser } from "../detect/behaviour/user-names.ts";
import { builder } from "./builder.ts";
import { prismaOf, viewerOf } from "./context.ts";
import { Entity, EntityKindEnum, riskNow } from "./entity.ts";
import * as filters from "./filter.ts";
import { listOf } from "./list.ts";
import { orderInput, paged } from "./page.ts";

const RoleFilter = builder.inputType("EntityRoleFilter", {
  description: "Conditions on the roles; all must hold.",
  fields: (t) => ({
    eq: t.string({ description: "Has this role." }),
    in: t.stringList({ description: "Has one of these." }),
  }),
});

const Filter = filters.filterInput("Entity", {
  id: [filters.IdFilter, "The entity's id."],
  kind: [filters.enumFilter("EntityKindFilter", EntityKindEnum), "What it is."],
  key: [filters.StringFilter, "Which one."],
  risk: [filters.FloatFilter, "Its threat score when it was last stored: with every detection, and by the hour."],
  criticality: [filters.FloatFilter, "How much depends on it."],
  department: [filters.StringFilter, "Its department."],
  role: [RoleFilter, "One of its roles."],
  firstSeenAt: [filters.DateTimeFilter, "The time of its first event."],
  lastSeenAt: [filters.DateTimeFilter, "The time of its last event."],
});

const Order = orderInput("Entity", {
  RISK: ["risk", "Its threat score when it was last stored."],
  LAST_SEEN: ["lastSeenAt", "The time of its last event."],
  KEY: ["key", "Which one."],
});

// The latest seen breaks ties: many have no risk. What a patient's pseudonym is about is shown to nobody.
const list = listOf("Entity", "entities", { field: "lastSeenAt", direction: "desc" }, {}, async (_context, filter) => ({
  filter: {
    ...filter,
    and: [...((filter?.and as object[] | null | undefined) ?? []), { kind: { notIn: ["PATIENT"] } }],
  },
  special: (field, comparator, operand, values) => {
    if (field !== "role") return undefined;
    values.push(comparator === "eq" ? [operand] : operand);
    return `roles && $${values.length}::text[]`;
  },
}));
const riskiestFirst = [{ field: "risk", direction: "desc" as const }];

builder.queryField("entities", (t) =>
  t.prismaConnection({
    ...paged,
    type: Entity,
    description: "Users, addresses and whatever else has a profile or a threat score, the highest score first.",
    authScopes: { permission: "entity.read" },
    args: {
      filter: t.arg({ type: Filter, description: "Which." }),
      orderBy: t.arg({ type: [Order], description: "In which order." }),
    },
    totalCount: (_parent, { filter }, context) => list.count(context, filter),
    resolve: (query, _parent, { filter, orderBy }, context) =>
      list.page(context, query, { filter, orderBy: orderBy?.length ? orderBy : riskiestFirst }, (rows) =>
        prismaOf(context).entity.findMany(rows),
      ),
  }),
);

builder.queryField("entity", (t) =>
  t.prismaField({
    type: Entity,
    nullable: true,
    description: "One of them, by what it is and its key, a user by an alias too; null: nothing is known of it.",
    authScopes: { permission: "entity.read" },
    args: {
      kind: t.arg({ type: EntityKindEnum, required: true, description: "What it is." }),
      key: t.arg.string({ required: true, description: "Which one." }),
    },
    resolve: async (query, _parent, { kind, key: asked }, context) => {
      const { organizationId } = viewerOf(context);
      const key = kind === "USER" ? await nameOfUser(context.services.db, organizationId, asked) : asked;
      return prismaOf(context).entity.findUnique({
        ...query,
        where: { organizationId_kind_key: { organizationId, kind, key } },
      });
    },
  }),
);

builder.prismaObjectFields("Organization", (t) => ({
  risk: t.float({
    description: "The organization's own threat score, 0 to 100: every detection of the last 30 days counts in it.",
    authScopes: { permission: "entity.read" },
    resolve: (_organization, _args, context) => riskNow(context, { kind: "ORGANIZATION", key: "" }),
  }),
}));
