import { coerceInputValue, type GraphQLInputType, type GraphQLSchema } from "graphql";
import { audit } from "../access/audit.ts";
import { may } from "../access/permissions.ts";
import { wordsKey } from "../audit/phi-read.ts";
import { VigilError } from "../errors.ts";
import { deleteFilter, saveFilter } from "../incident/saved-filter.ts";
import { builder } from "./builder.ts";
import { auditActorOf, type Context, prismaOf, viewerOf } from "./context.ts";
import type { Filter } from "./filter.ts";
import { namingColumns } from "./incident-search.ts";
import { rowKey } from "./page.ts";
import { attempt, type Outcome, UserErrorType } from "./payload.ts";
import { mayReadPatients } from "./phi.ts";
import { filtersBy, withholding } from "./phi-filter.ts";

const guard = { authScopes: { permission: "incident.read" as const } };

const SavedFilter = builder.prismaNode("SavedFilter", {
  id: { resolve: (saved) => saved.id, description: "The saved filter's id." },
  findUnique: (id, context) => ({ ...rowKey(id, context), OR: visible(context) }),
  nullable: true, // no such row: null, not an error
  ...guard,
  fields: (t) => ({
    name: t.exposeString("name", { description: "What its owner calls it." }),
    filter: t.field({
      type: "JSON",
      description: "As `incidents(filter:)` takes it.",
      resolve: (saved, _args, context) => readFilter(saved, context),
    }),
    orderBy: t.expose("orderBy", { type: "JSON" }),
    owner: t.exposeString("owner"),
    shared: t.exposeBoolean("shared"),
    createdAt: t.expose("createdAt", { type: "DateTime", description: "When it was made." }),
  }),
});

/**
 * What a saved filter asks for. Titles and words may name a patient, so they are withheld from whoever may not read
 * patients' data, but for their writer; that others read them is noted for the audit log.
 */
async function readFilter(saved: { id: string; owner: string; filter: unknown }, context: Context): Promise<Filter> {
  const filter = saved.filter as Filter;
  if (saved.owner === auditActorOf(context) || !filtersBy(filter, namingColumns)) return filter;
  if (!(await mayReadPatients(context))) return withholding(filter, namingColumns);
  context.patients?.add(`${wordsKey}savedFilter:${saved.id}`); // whether they name one is not known
  return filter;
}

/** One's own, and what others share. */
function visible(context: Context) {
  return [{ owner: auditActorOf(context) }, { shared: true }];
}

builder.queryField("savedFilters", (t) =>
  t.prismaField({
    type: [SavedFilter],
    description: "Filters of incidents, one's own and those that others share, by name; the first 500.",
    ...guard,
    resolve: (query, _parent, _args, context) =>
      prismaOf(context).savedFilter.findMany({
        ...query,
        where: { organizationId: viewerOf(context).organizationId, OR: visible(context) },
        orderBy: [{ name: "asc" }, { id: "asc" }],
        take: 500,
      }),
  }),
);

const SaveInput = builder.inputType("SavedFilterSaveInput", {
  description: "A filter to keep.",
  fields: (t) => ({
    name: t.string({ required: true, description: "1 to 100 characters; one's own of that name is replaced." }),
    filter: t.field({ type: "JSON", required: true, description: "As `incidents(filter:)` takes it." }),
    orderBy: t.field({ type: "JSON", description: "As `incidents(orderBy:)` takes it." }),
    shared: t.boolean({ description: "Whether everybody sees it; needs the permission to work on incidents." }),
  }),
});

type Saved = Outcome<string>;

const SavePayload = builder.objectRef<Saved>("SavedFilterSavePayload").implement({
  description: "The filter that was kept, or why it was not.",
  fields: (t) => ({
    savedFilter: t.prismaField({
      type: SavedFilter,
      nullable: true,
      description: "As it is now; null when there are user errors.",
      resolve: (query, { value }, _args, context) =>
        value ? prismaOf(context).savedFilter.findUnique({ ...query, where: rowKey(value, context) }) : null,
    }),
    userErrors: t.field({ type: [UserErrorType], description: "Why it was not kept.", resolve: (it) => it.userErrors }),
  }),
});

const DeletePayload = builder.objectRef<Saved>("SavedFilterDeletePayload").implement({
  description: "Whether the filter was removed.",
  fields: (t) => ({
    userErrors: t.field({ type: [UserErrorType], description: "Why it was not.", resolve: (it) => it.userErrors }),
  }),
});

builder.mutationFields((t) => ({
  savedFilterSave: t.field({
    ...guard,
    type: SavePayload,
    description: "Keeps a filter of incidents.",
    args: { input: t.arg({ type: SaveInput, required: true, description: "Which." }) },
    resolve: (_parent, { input }, context, { schema }) =>
      attempt(async () => {
        const { name, filter } = input;
        const orderBy = input.orderBy ?? [];
        const shared = input.shared ?? false;
        if (shared && !may(viewerOf(context), "incident.write")) {
          throw new VigilError("BAD_USER_INPUT", "Your role may keep filters for itself only.", {
            path: ["input", "shared"],
          });
        }
        check(schema, filter, "filter");
        check(schema, orderBy, "orderBy");
        const { organizationId } = viewerOf(context);
        return context.services.change(organizationId, async (tx) => {
          const owner = auditActorOf(context);
          const saved = { name, filter: filter as object, orderBy: orderBy as object[], shared, owner };
          const id = await saveFilter(tx, { ...saved, now: context.services.now() });
          const entry = { actor: owner, action: "SAVED_FILTER_SAVED", entityKind: "SavedFilter", entityId: id };
          await audit(tx, { ...entry, detail: { shared } });
          return id;
        });
      }),
  }),
  savedFilterDelete: t.field({
    ...guard,
    type: DeletePayload,
    description: "Removes one of one's own filters.",
    args: { id: t.arg.globalID({ required: true, for: SavedFilter, description: "Which." }) },
    resolve: (_parent, { id: { id } }, context) =>
      attempt(async () => {
        rowKey(id, context);
        const owner = auditActorOf(context);
        await context.services.change(viewerOf(context).organizationId, async (tx) => {
          await deleteFilter(tx, { id, owner });
          await audit(tx, { actor: owner, action: "SAVED_FILTER_DELETED", entityKind: "SavedFilter", entityId: id });
        });
        return id;
      }),
  }),
}));

/** That a value is what the argument of `incidents` takes. Errors: BAD_USER_INPUT, naming the place. */
function check(schema: GraphQLSchema, value: unknown, argument: "filter" | "orderBy"): void {
  const type = schema
    .getQueryType()
    ?.getFields()
    .incidents?.args.find(({ name }) => name === argument)?.type;
  coerceInputValue(value, type as GraphQLInputType, (path, _value, error) => {
    throw new VigilError("BAD_USER_INPUT", error.message, { path: ["input", argument, ...path.map(String)] });
  });
}
