import { VigilError } from "../errors.ts";
import type { TailCondition, TailPage } from "../publish/tail.ts";
import { builder, requirePermission } from "./builder.ts";
import { type Context, prismaOf, viewerOf } from "./context.ts";
import { conditionOf, type Filter } from "./filter.ts";
import { live } from "./live.ts";
import { forPatients } from "./patient-filter.ts";
import { hidesPatients } from "./phi.ts";
import { SecurityEvent, SecurityEventFilter } from "./security-event.ts";
import { shared } from "./shared.ts";

const Page = builder.objectRef<TailPage>("SecurityEventStreamPage").implement({
  description: "Events that came since the last page.",
  fields: (t) => ({
    events: t.prismaField({
      type: [SecurityEvent],
      description: "The latest of them, the oldest first: at most 100.",
      resolve: async (query, { ids }, _args, context) => {
        const where = { organizationId: viewerOf(context).organizationId, id: { in: ids } };
        return prismaOf(context).securityEvent.findMany({ ...query, where, orderBy: { id: "asc" } });
      },
    }),
    dropped: t.exposeInt("dropped", { description: "How many more there were: too many to show." }),
  }),
});

/** The filter as SQL: made once for everybody who shares the stream. */
async function conditionFor(context: Context, filter: Filter | null | undefined): Promise<TailCondition> {
  const { filter: allowed, special } = await forPatients(context, filter);
  const values: unknown[] = [viewerOf(context).organizationId];
  return {
    text: conditionOf(allowed, values, { type: "SecurityEvent", ranks: {}, ...(special ? { special } : {}) }),
    values,
  };
}

/** Asks anew before each page whether the filter may ask for patients: break-glass ends. Each page is a read of theirs. */
async function* whileAllowed(
  context: Context,
  filter: Filter | null | undefined,
  pages: AsyncGenerator<TailPage, void, void>,
): AsyncGenerator<TailPage, void, void> {
  for await (const page of pages) {
    context.breakGlass = undefined; // as it was at the page before
    if (await hidesPatients(context, filter)) throw new VigilError("FORBIDDEN", "The break-glass use is over");
    yield page;
  }
}

builder.subscriptionField("securityEventStream", (t) =>
  t.field({
    type: Page,
    description: "Live tail: events as they come, four pages a second at most. What is too much is counted, not kept.",
    authScopes: { permission: "event.read" },
    args: { filter: t.arg({ type: SecurityEventFilter, description: "Which." }) },
    extensions: shared({
      permission: "event.read",
      async passing(context, { filter }, signal) {
        const condition = await conditionFor(context, filter as Filter | null | undefined);
        return context.services.tail.follow(viewerOf(context).organizationId, condition, signal);
      },
    }),
    subscribe: async (_parent, { filter }, context) => {
      await requirePermission(context, "event.read");
      const hides = await hidesPatients(context, filter);
      const condition = await conditionFor(context, filter);
      return live(context, (organizationId, signal) => {
        const pages = context.services.tail.follow(organizationId, condition, signal);
        return hides ? pages : whileAllowed(context, filter, pages);
      });
    },
    resolve: (page) => page,
  }),
);
