import type { GapFilled } from "../detect/gap.ts";
import { VigilError } from "../errors.ts";
import { AlertRule } from "./alert-rule.ts";
import { builder } from "./builder.ts";
import { auditActorOf, type Context, prismaOf, viewerOf } from "./context.ts";
import { attempt, type Outcome, UserErrorType } from "./payload.ts";
import { checkRange, RangeInput } from "./range.ts";
import { TrialDetection } from "./trial-detection.ts";

const firstPage = 50; // detections that are shown

const Input = builder.inputType("AlertRuleBackfillInput", {
  description: "A stored rule and the history that it has not seen.",
  fields: (t) => ({
    ruleId: t.globalID({ required: true, for: AlertRule, description: "The rule; it may not be disabled." }),
    range: t.field({ type: RangeInput, required: true, description: "Which events, by when Vigil received them." }),
    dryRun: t.boolean({ description: "Only says what would be stored." }),
    after: t.string({ description: "The cursor of a call that did not come to the end: goes on from there." }),
  }),
});

type Result = Outcome<GapFilled & { ruleId: string }>;

const Payload = builder.objectRef<Result>("AlertRuleBackfillPayload").implement({
  description: "What a rule has found in history that it had not seen.",
  fields: (t) => {
    const count = (description: string, read: (filled: GapFilled) => number) =>
      t.int({ description, resolve: ({ value }) => (value ? read(value) : 0) });
    return {
      alertRule: t.prismaField({
        type: AlertRule,
        nullable: true,
        description: "The rule.",
        resolve: (query, { value }, _args, context) => {
          if (!value) return null;
          const key = { organizationId: viewerOf(context).organizationId, id: value.ruleId };
          return prismaOf(context).alertRule.findUnique({ ...query, where: { organizationId_id: key } });
        },
      }),
      eventsRead: count("How many events were gone through.", ({ eventsRead }) => eventsRead),
      stored: count(
        "How many detections were missing, and are stored now (in a dry run: would be).",
        (it) => it.missing.length,
      ),
      grown: count("How many stored detections became larger.", ({ grown }) => grown),
      known: count("How many were stored already.", ({ known }) => known),
      incidentsOpened: count("How many incidents were opened.", ({ incidentsOpened }) => incidentsOpened),
      detections: t.field({
        type: [TrialDetection],
        description: `The first ${firstPage} that were missing.`,
        resolve: ({ value }) => value?.missing.slice(0, firstPage) ?? [],
      }),
      done: t.boolean({
        description: "Whether the end of the range was reached; otherwise go on with `cursor`.",
        resolve: ({ value }) => value?.done ?? false,
      }),
      cursor: t.string({
        nullable: true,
        description: "How far it came: give it as `after` to go on from there.",
        resolve: ({ value }) => value?.cursor ?? null,
      }),
      userErrors: t.field({
        type: [UserErrorType],
        description: "Why nothing was done.",
        resolve: (result) => result.userErrors,
      }),
    };
  },
});

builder.mutationField("alertRuleBackfill", (t) =>
  t.field({
    type: Payload,
    description:
      "Runs a rule over history that it has not seen, and stores the detections and incidents that are missing, once: running it again changes nothing. Half a minute at most; then it goes on from its cursor.",
    authScopes: { permission: "rule.write" },
    args: { input: t.arg({ type: Input, required: true, description: "The rule and the history." }) },
    resolve: (_parent, { input }, context) => attempt(() => backfill(context, input)),
  }),
);

async function backfill(context: Context, input: typeof Input.$inferInput) {
  const { organizationId } = viewerOf(context);
  const { ruleId, range, dryRun, after } = input;
  checkRange(range);
  if (after && !/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(after))
    throw new VigilError("BAD_USER_INPUT", "This is no cursor of a backfill", { path: ["input", "after"] });
  const filled = await context.services.backfill({
    organizationId,
    actor: auditActorOf(context),
    ruleId: ruleId.id,
    from: range.from.getTime(),
    to: range.to.getTime(),
    after: after ?? undefined,
    dryRun: dryRun ?? false,
  });
  return { ...filled, ruleId: ruleId.id };
}
