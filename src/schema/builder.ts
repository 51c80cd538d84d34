import SchemaBuilder from "@pothos/core";
import PrismaPlugin from "@pothos/plugin-prisma";
import RelayPlugin from "@pothos/plugin-relay";
import ScopeAuthPlugin from "@pothos/plugin-scope-auth";
import ValidationPlugin from "@pothos/plugin-validation";
import { type GraphQLSchema, isObjectType } from "graphql";
import { lacksSecondFactor, may, type Permission, requireSecondFactor } from "../access/permissions.ts";
import { VigilError } from "../errors.ts";
import type PrismaTypes from "../generated/pothos.ts";
import { getDatamodel } from "../generated/pothos.ts";
import { type Context, prismaOf, viewerOf } from "./context.ts";

export const builder = new SchemaBuilder<{
  PrismaTypes: PrismaTypes;
  Context: Context;
  DefaultFieldNullability: false;
  DefaultEdgesNullability: { list: false; items: false };
  DefaultNodeNullability: false;
  /** `settled`: signed in, and owes no second factor; `signedIn` is for what it takes to give one. */
  AuthScopes: { signedIn: boolean; settled: boolean; permission: Permission };
  Scalars: {
    ID: { Input: string; Output: string | number };
    DateTime: { Input: Date; Output: Date };
    JSON: { Input: unknown; Output: unknown };
    IPAddress: { Input: string; Output: string };
    Duration: { Input: string; Output: string };
    URL: { Input: URL; Output: URL | string };
    EventTime: { Input: string | number; Output: string | number };
  };
}>({
  plugins: [ScopeAuthPlugin, PrismaPlugin, RelayPlugin, ValidationPlugin],
  defaultFieldNullability: false,
  scopeAuth: {
    authScopes: (context) => ({
      signedIn: context.viewer !== undefined,
      settled: () => isSettled(context),
      permission: (permission) => allowed(context, permission),
    }),
    unauthorizedError: (_parent, context, info) => {
      const { role } = viewerOf(context); // throws UNAUTHENTICATED
      const field = `${info.parentType.name}.${info.fieldName}`;
      return new VigilError("FORBIDDEN", `The role ${role} may not use ${field}`);
    },
  },
  relay: {
    cursorType: "String",
    nodesOnConnection: true,
    edgesFieldOptions: {
      nullable: { list: false, items: false },
      description: "The rows of this page with their cursors.",
    },
    nodesFieldOptions: { nullable: { list: false, items: false }, description: "The rows of this page." },
    nodeFieldOptions: { nullable: false, description: "The row." },
    cursorFieldOptions: { description: "Where this row stands: give it as `after` or `before`." },
    pageInfoFieldOptions: { description: "Whether there is more, and where to go on." },
    pageInfoTypeOptions: { description: "Where a page of a connection begins and ends." },
    hasNextPageFieldOptions: { description: "Whether rows follow this page." },
    hasPreviousPageFieldOptions: { description: "Whether rows come before this page." },
    startCursorFieldOptions: { description: "The cursor of the first row of this page." },
    endCursorFieldOptions: { description: "The cursor of the last row of this page: give it as `after`." },
    nodeTypeOptions: { description: "Anything that can be fetched again by its id." },
    idFieldOptions: { description: "Names this one among everything in Vigil; opaque." },
    nodeQueryOptions: {
      description: "Whatever has this id.",
      authScopes: { settled: true },
      args: { id: { description: "The id." } },
      resolve: (_parent, { id }, _context, { schema }, resolveNode) => {
        requireNodes(schema, [id]);
        return resolveNode(id);
      },
    },
    nodesQueryOptions: {
      description: "Whatever has these ids, in their order; null where there is nothing.",
      authScopes: { settled: true },
      args: { ids: { description: "The ids: at most 100." } },
      resolve: (_parent, { ids }, _context, { schema }, resolveNodes) => {
        requireNodes(schema, ids);
        if (ids.length > 100) throw new VigilError("BAD_USER_INPUT", "nodes takes at most 100 ids", { path: ["ids"] });
        return resolveNodes(ids);
      },
    },
  },
  prisma: {
    client: prismaOf,
    dmmf: getDatamodel(),
    exposeDescriptions: true,
    maxConnectionSize: 100,
    defaultConnectionSize: 50,
    onUnusedQuery: null, // a payload without its entity uses none
  },
});

/** A refusal is in the audit log before the answer leaves. */
/** For subscriptions, whose fields are judged change by change: refuses at once. Errors: UNAUTHENTICATED, FORBIDDEN. */
export async function requirePermission(context: Context, permission: Permission): Promise<void> {
  if (await allowed(context, permission)) return;
  throw new VigilError("FORBIDDEN", `The role ${viewerOf(context).role} may not do this: it takes ${permission}`);
}

/** Errors: BAD_USER_INPUT, of an id that is of no type. */
function requireNodes(schema: GraphQLSchema, ids: readonly { typename: string }[]): void {
  for (const { typename } of ids) {
    if (isObjectType(schema.getType(typename))) continue; // of one that has no ids, or another's: told by whoever looks for it
    throw new VigilError("BAD_USER_INPUT", "This is no id of Vigil", { path: ["id"] });
  }
}

/** For what takes no permission. Throws FORBIDDEN where a second factor is owed. */
function isSettled({ viewer }: Context): boolean {
  if (!viewer) return false;
  requireSecondFactor(viewer);
  return true;
}

function allowed(context: Context, permission: Permission): boolean | Promise<boolean> {
  const { viewer, services } = context;
  if (!viewer) return false;
  if (may(viewer, permission) && !lacksSecondFactor(viewer, permission)) return true;
  context.refusalNoted = true;
  if (!may(viewer, permission)) return services.refused(viewer, permission).then(() => false);
  return services.refused(viewer, permission).then(() => {
    requireSecondFactor(viewer, permission);
    return false;
  });
}

builder.queryType({ description: "Everything that can be read." });
builder.mutationType({ description: "Everything that can be changed. Refused input comes back as `userErrors`." });
builder.subscriptionType({
  description:
    "Everything that can be followed. *Durable* streams are gapless and resume from a cursor; *gauges* give the latest value.",
});
