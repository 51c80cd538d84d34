import type { Backtest } from "../detect/backtest.ts";
import { compareRuns, topSubjects } from "../detect/backtest-compare.ts";
import type { DetectionDraft, StoredRule } from "../detect/detection.ts";
import { readException } from "../detect/store/exceptions.ts";
import { loadRules } from "../detect/store/known.ts";
import { refuseFaults } from "../detect/trace-events.ts";
import { prepareTrial } from "../detect/trial.ts";
import { VigilError } from "../errors.ts";
import { AlertRule } from "./alert-rule.ts";
import { builder } from "./builder.ts";
import { type Context, viewerOf } from "./context.ts";
import { overHistory } from "./history-source.ts";
import { attempt, type Outcome, UserErrorType } from "./payload.ts";
import { historyFields } from "./preview-history.ts";
import { RangeInput } from "./range.ts";
import { TrialDetection } from "./trial-detection.ts";
import { TrialSubjectType } from "./trial-subject.ts";

const firstPage = 50; // detections that are shown of each list

const Input = builder.inputType("AlertRuleExceptionPreviewInput", {
  description: "A draft of an exception and the history to try it on.",
  fields: (t) => ({
    ruleId: t.globalID({ required: true, for: AlertRule, description: "The rule it would be an exception of." }),
    yaml: t.string({ required: true, description: "One Sigma filter." }),
    range: t.field({ type: RangeInput, required: true, description: "Which events, by when Vigil received them." }),
    after: t.string({ description: "The cursor of a preview that was cut short: goes on from there." }),
  }),
});

export interface ExceptionPreviewed extends Backtest {
  isWithheld: boolean;
  hidden: DetectionDraft[];
  /** As they would be. */
  smaller: DetectionDraft[];
  remaining: number;
  hiddenEvents: number;
}

const Preview = builder.objectRef<ExceptionPreviewed>("AlertRuleExceptionPreview").implement({
  description:
    "What an exception would have hidden, had it been in force: the rule, and the correlations that count it, run with it and without it over the same events.",
  fields: (t) => ({
    ...historyFields(t),
    hiddenCount: t.int({ description: "Detections that would be gone.", resolve: ({ hidden }) => hidden.length }),
    hidden: t.field({
      type: [TrialDetection],
      description: `The first ${firstPage} of them.`,
      resolve: ({ hidden }) => hidden.slice(0, firstPage),
    }),
    smallerCount: t.int({
      description: "Detections that would be there with fewer events.",
      resolve: ({ smaller }) => smaller.length,
    }),
    smaller: t.field({
      type: [TrialDetection],
      description: `The first ${firstPage} of them, as they would be.`,
      resolve: ({ smaller }) => smaller.slice(0, firstPage),
    }),
    remainingCount: t.exposeInt("remaining", { description: "Detections that would be there all the same." }),
    hiddenEventCount: t.exposeInt("hiddenEvents", {
      description: "Events that detections would have fewer of, in all.",
    }),
    topSubjects: t.field({
      type: [TrialSubjectType],
      description: "Whom most of the hidden detections are about, at most 20.",
      resolve: ({ hidden }) => topSubjects(hidden, 20),
    }),
  }),
});

const Payload = builder.objectRef<Outcome<ExceptionPreviewed>>("AlertRuleExceptionPreviewPayload").implement({
  description: "What became of a preview of an exception.",
  fields: (t) => ({
    preview: t.field({
      type: Preview,
      nullable: true,
      description: "What it would have hidden.",
      resolve: ({ value }) => value ?? null,
    }),
    userErrors: t.field({
      type: [UserErrorType],
      description: "Why nothing was run.",
      resolve: (result) => result.userErrors,
    }),
  }),
});

builder.queryField("alertRuleExceptionPreview", (t) =>
  t.field({
    type: Payload,
    description: "Runs a rule over stored history with and without an exception that is not made yet. Stores nothing.",
    authScopes: { permission: "event.read" },
    args: { input: t.arg({ type: Input, required: true, description: "The exception and the history." }) },
    resolve: (_parent, { input }, context) => attempt(() => preview(context, input)),
  }),
);

async function preview(context: Context, input: typeof Input.$inferInput): Promise<ExceptionPreviewed> {
  const { organizationId } = viewerOf(context);
  const { db, now } = context.services;
  const ruleId = input.ruleId.id;
  const loaded = await db.inOrganization(organizationId, loadRules);
  const rule = loaded.rules.find(({ id }) => id === ruleId);
  if (!rule) throw new VigilError("NOT_FOUND", "There is no such rule", { path: ["input", "ruleId"] });
  const { yaml } = readException(rule, "preview", input.yaml);
  const trial = prepareTrial({ organizationId, loaded, exceptionsAt: now(), ruleId });
  refuseFaults(trial);
  const withDraft = trial.rules.map((one): StoredRule => {
    if (one.id !== ruleId) return one;
    return { ...one, exceptions: [...(one.exceptions ?? []), { id: "preview", yaml, from: 0 }] };
  });
  const { placeholders, timeZone, watched } = trial;
  const backtest = await overHistory(context, {
    action: "ALERT_RULE_EXCEPTION_PREVIEWED",
    ruleId,
    variants: [withDraft, trial.rules],
    placeholders,
    timeZone,
    range: input.range,
    after: input.after ?? undefined,
  });
  const [kept = [], all = []] = backtest.detections.map((drafts) => drafts.filter((one) => watched.has(one.ruleId)));
  const { both, onlyActive } = compareRuns(kept, all);
  const before = new Map(all.map(({ fingerprint, eventCount }) => [fingerprint, eventCount]));
  const events = (drafts: readonly DetectionDraft[]) => drafts.reduce((sum, one) => sum + one.eventCount, 0);
  return {
    ...backtest,
    hidden: onlyActive,
    smaller: both.filter(({ fingerprint, eventCount }) => eventCount < (before.get(fingerprint) ?? 0)),
    remaining: kept.length,
    hiddenEvents: Math.max(0, events(all) - events(kept)),
  };
}
