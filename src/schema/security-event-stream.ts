import type { TailPage } from "../publish/tail.ts";
import { builder, requirePermission } from "./builder.ts";
import { prismaOf, viewerOf } from "./context.ts";
import { conditionOf } from "./filter.ts";
import { live } from "./live.ts";
import { forPatients } from "./patient-filter.ts";
import { SecurityEvent, SecurityEventFilter } from "./security-event.ts";

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

builder.subscriptionField("securityEventStream", (t) =>
  t.field({
    type: Page,
    description: "Live tail: events as they come, four pages a second at most. What is too much is counted, not kept.",
    authScopes: { permission: "event.read" },
    args: { filter: t.arg({ type: SecurityEventFilter, description: "Which." }) },
    subscribe: async (_parent, { filter }, context) => {
      await requirePermission(context, "event.read");
      const { filter: allowed, special } = await forPatients(context, filter);
      const values: unknown[] = [viewerOf(context).organizationId];
      const text = conditionOf(allowed, values, { ranks: {}, ...(special ? { special } : {}) });
      return live(context, (organizationId, signal) =>
        context.services.tail.follow(organizationId, { text, values }, signal),
      );
    },
    resolve: (page) => page,
  }),
);
