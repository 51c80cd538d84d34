import { audit } from "../access/audit.ts";
import { mostRetried, retryAlerts, retryAlertsWhere } from "../alert/retry.ts";
import { VigilError } from "../errors.ts";
import { Alert, AlertFilter, alertRanks } from "./alert.ts";
import { builder } from "./builder.ts";
import { auditActorOf, type Context, prismaOf, viewerOf } from "./context.ts";
import { conditionOf } from "./filter.ts";
import { rowKey } from "./page.ts";
import { attempt, type Outcome, UserErrorType } from "./payload.ts";

const shown = 100; // alerts in the answer
const namedInAudit = 100; // ids in the audit entry

const Input = builder.inputType("AlertsRetryInput", {
  description: "Which alerts to send again: either `ids` or `filter`.",
  fields: (t) => ({
    ids: t.globalIDList({ for: [Alert], description: `These: at most ${mostRetried}, all or none.` }),
    filter: t.field({
      type: AlertFilter,
      description: `Those that failed or are held and fit this, the oldest ${mostRetried} of them.`,
    }),
  }),
});

const Payload = builder.objectRef<Outcome<string[]>>("AlertsRetryPayload").implement({
  description: "What is sent again, or why nothing is.",
  fields: (t) => ({
    retried: t.int({
      description: "How many went back into the queue; others are under way or have arrived.",
      resolve: ({ value }) => value?.length ?? 0,
    }),
    alerts: t.prismaField({
      type: [Alert],
      description: `The first ${shown} of them, as they are now.`,
      resolve: (query, { value }, _args, context) =>
        prismaOf(context).alert.findMany({
          ...query,
          where: { organizationId: viewerOf(context).organizationId, id: { in: (value ?? []).slice(0, shown) } },
          orderBy: [{ createdAt: "asc" }, { id: "asc" }],
        }),
    }),
    userErrors: t.field({
      type: [UserErrorType],
      description: "Why nothing was changed.",
      resolve: (it) => it.userErrors,
    }),
  }),
});

builder.mutationField("alertsRetry", (t) =>
  t.field({
    type: Payload,
    description: "Sends alerts again that FAILED or are HELD. Errors: NOT_FOUND, BAD_USER_INPUT.",
    authScopes: { permission: "alert.write" },
    args: { input: t.arg({ type: Input, required: true, description: "Which." }) },
    resolve: (_parent, { input }, context) => attempt(() => retry(context, input)),
  }),
);

function retry(context: Context, { ids, filter }: typeof Input.$inferInput): Promise<string[]> {
  if ((ids == null) === (filter == null)) {
    throw new VigilError("BAD_USER_INPUT", "Give either ids or a filter.", { path: ["input"] });
  }
  for (const { id } of ids ?? []) rowKey(id, context);
  const { organizationId } = viewerOf(context);
  return context.services.change(organizationId, async (tx) => {
    const now = context.services.now();
    let retried: string[];
    if (ids != null) {
      const named = ids.map(({ id }) => id);
      retried = await retryAlerts(tx, named, now);
    } else {
      const values: unknown[] = [organizationId];
      retried = await retryAlertsWhere(
        tx,
        conditionOf(filter, values, { type: "Alert", ranks: alertRanks }),
        values,
        now,
      );
    }
    await audit(tx, {
      actor: auditActorOf(context),
      action: "ALERTS_RETRIED",
      entityKind: "Organization",
      entityId: organizationId,
      detail: { count: retried.length, alerts: retried.slice(0, namedInAudit) },
    });
    return retried;
  });
}
