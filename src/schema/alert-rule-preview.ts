import { alertsPerDay } from "../alert/per-day.ts";
import { readSettings } from "../alert/route-read.ts";
import type { Backtest } from "../detect/backtest.ts";
import { type Comparison, compareRuns, topSubjects } from "../detect/backtest-compare.ts";
import type { DetectionDraft } from "../detect/detection.ts";
import { loadRules } from "../detect/store.ts";
import { refuseFaults } from "../detect/trace-events.ts";
import { prepareTrial, type Trial } from "../detect/trial.ts";
import { gather } from "../incident/gather.ts";
import { AlertRule } from "./alert-rule.ts";
import { builder } from "./builder.ts";
import { type Context, viewerOf } from "./context.ts";
import { RuleModeEnum } from "./enums.ts";
import { overHistory } from "./history-source.ts";
import { attempt, type Outcome, UserErrorType } from "./payload.ts";
import { historyFields } from "./preview-history.ts";
import {
  AlertsPerDayType,
  asIncidentFacts,
  type IncidentPreview,
  IncidentPreviewType,
  incidentsPerDay,
  PerDayType,
  previewIncident,
} from "./preview-incident.ts";
import { RangeInput } from "./range.ts";
import { TrialDetection } from "./trial-detection.ts";
import { TrialSubjectType } from "./trial-subject.ts";

const firstPage = 50; // rows that are shown of each list; counts are of all

const Input = builder.inputType("AlertRulePreviewInput", {
  description:
    "A rule and the history to run it over. Give `ruleId`, `yaml`, or both: then `yaml` is a draft of that rule.",
  fields: (t) => ({
    ruleId: t.globalID({ for: AlertRule, description: "A stored rule." }),
    yaml: t.string({
      description:
        "Sigma, of one document or more; may count on stored rules. Filters in it are draft exceptions of the rules that they name.",
    }),
    mode: t.field({
      type: RuleModeEnum,
      description: "What the rules may do. ACTIVE unless told: then incidents open.",
    }),
    range: t.field({
      type: RangeInput,
      required: true,
      description: "Which events, by when Vigil received them: imported history counts by when it was imported.",
    }),
    after: t.string({ description: "The cursor of a preview that was cut short: goes on from there." }),
  }),
});

export interface Previewed extends Backtest {
  trial: Trial;
  isWithheld: boolean;
  found: DetectionDraft[];
  comparison: Comparison;
}

const ComparisonType = builder.objectRef<Comparison>("AlertRulePreviewComparison").implement({
  description:
    "The draft beside the rules as they are stored, both run over the same events. Equal: the same fingerprint, and times that overlap.",
  fields: (t) => {
    const list = (description: string, read: (it: Comparison) => DetectionDraft[]) =>
      t.field({ type: [TrialDetection], description, resolve: (it) => read(it).slice(0, firstPage) });
    return {
      both: t.int({ description: "How many detections both make.", resolve: ({ both }) => both.length }),
      onlyInDraft: t.int({ description: "How many only the draft makes.", resolve: (it) => it.onlyDraft.length }),
      onlyInActive: t.int({ description: "How many the draft would miss.", resolve: (it) => it.onlyActive.length }),
      draftDetections: list(`The first ${firstPage} that only the draft makes.`, ({ onlyDraft }) => onlyDraft),
      activeDetections: list(`The first ${firstPage} that the draft would miss.`, ({ onlyActive }) => onlyActive),
    };
  },
});

const BrokenType = builder.objectRef<{ ruleName: string; message: string }>("AlertRulePreviewBroken").implement({
  description: "A stored rule that could not run any more beside the draft.",
  fields: (t) => ({
    ruleName: t.exposeString("ruleName", { description: "The rule." }),
    message: t.exposeString("message", { description: "Why it could not." }),
  }),
});

const Preview = builder.objectRef<Previewed>("AlertRulePreview").implement({
  description: "What a rule would have found in stored history.",
  fields: (t) => ({
    ...historyFields(t),
    detectionCount: t.int({
      description: "How many detections: of the tried rules, and of the correlations that count them.",
      resolve: ({ found }) => found.length,
    }),
    detections: t.field({
      type: [TrialDetection],
      description: `The first ${firstPage} of them.`,
      resolve: ({ found }) => found.slice(0, firstPage),
    }),
    incidentCount: t.int({
      description:
        "How many incidents would have opened, were none of them resolved within the range. Weak signs open none here: what other rules would have found beside them is not run.",
      resolve: ({ found }) => gather(found).size,
    }),
    incidents: t.field({
      type: [IncidentPreviewType],
      description: `The first ${firstPage} of them.`,
      resolve: ({ found }) => [...gather(found).values()].slice(0, firstPage).map(previewIncident),
    }),
    incidentsPerDay: t.field({
      type: [PerDayType],
      description:
        "Incidents by the day (UTC) of their first event; days without any are left out. `alertsPerDay` says who would have been told.",
      resolve: ({ found }) => incidentsPerDay(incidentsOf(found)),
    }),
    alertsPerDay: t.field({
      type: [AlertsPerDayType],
      description:
        "The alerts that those incidents would have brought by the routes and channels as they are now, by the day (UTC) of the incident and by channel; days without any are left out. Mute times and quiet hours count; silences, inhibitions and escalations do not.",
      resolve: async ({ found, trial }, _args, context) => {
        const incidents = asIncidentFacts(incidentsOf(found), trial.referenceOf);
        if (incidents.length === 0) return [];
        const { services } = context;
        const { settings } = await services.db.inOrganization(viewerOf(context).organizationId, (tx) =>
          readSettings(tx, { incidents: [], resolved: [], now: services.now() }),
        );
        return alertsPerDay(incidents, settings);
      },
    }),
    topSubjects: t.field({
      type: [TrialSubjectType],
      description: "Whom most of the detections are about, at most 20.",
      resolve: ({ found }) => topSubjects(found, 20),
    }),
    comparison: t.field({
      type: ComparisonType,
      nullable: true,
      description: "The difference from the stored rules; null: none of the tried rules is stored.",
      resolve: ({ comparison, trial }) =>
        trial.stored.some(({ id }) => trial.tried.some((one) => one.id === id)) ? comparison : null,
    }),
    broken: t.field({
      type: [BrokenType],
      description:
        "Stored rules that could not run any more beside the draft, e.g. because it no longer has the name they count.",
      resolve: ({ faults, trial }) => brokenBy(faults[0] ?? [], faults[1] ?? [], trial),
    }),
  }),
});

const Payload = builder.objectRef<Outcome<Previewed>>("AlertRulePreviewPayload").implement({
  description: "What became of a preview.",
  fields: (t) => ({
    preview: t.field({
      type: Preview,
      nullable: true,
      description: "What the rule would have found.",
      resolve: ({ value }) => value ?? null,
    }),
    userErrors: t.field({
      type: [UserErrorType],
      description: "Why nothing was run.",
      resolve: (result) => result.userErrors,
    }),
  }),
});

builder.queryField("alertRulePreview", (t) =>
  t.field({
    type: Payload,
    description:
      "Runs a rule, stored or not, over stored history through the engine that judges new events. Stores nothing. A behaviour rule starts from empty profiles and learns from the 35 days before the range, as far as these are stored, and at most from their last 300,000 events.",
    authScopes: { permission: "event.read" },
    args: { input: t.arg({ type: Input, required: true, description: "The rule and the history." }) },
    resolve: (_parent, { input }, context) => attempt(() => preview(context, input)),
  }),
);

async function preview(context: Context, input: typeof Input.$inferInput): Promise<Previewed> {
  const { organizationId } = viewerOf(context);
  const { db, now } = context.services;
  const loaded = await db.inOrganization(organizationId, loadRules);
  const { yaml, mode, range, after } = input;
  const ruleId = input.ruleId?.id;
  const trial = prepareTrial({
    organizationId,
    loaded,
    exceptionsAt: now(),
    ruleId,
    yaml: yaml ?? undefined,
    mode: mode ?? undefined,
  });
  refuseFaults(trial);
  const variants = [trial.rules, trial.stored];
  const { placeholders, timeZone } = trial;
  const action = "ALERT_RULE_PREVIEWED";
  const backtest = await overHistory(context, {
    action,
    ruleId,
    variants,
    placeholders,
    timeZone,
    range,
    after: after ?? undefined,
  });
  const [draft = [], active = []] = backtest.detections.map((drafts) =>
    drafts.filter((one) => trial.watched.has(one.ruleId)),
  );
  return { ...backtest, trial, found: draft, comparison: compareRuns(draft, active) };
}

const incidentsOf = (found: readonly DetectionDraft[]): IncidentPreview[] =>
  [...gather(found).values()].map(previewIncident);

type Faults = readonly { ruleId: string; message: string }[];

function brokenBy(now: Faults, before: Faults, trial: Trial): { ruleName: string; message: string }[] {
  const own = new Set(trial.tried.map(({ id }) => id));
  return now
    .filter(
      ({ ruleId, message }) =>
        !own.has(ruleId) && !before.some((one) => one.ruleId === ruleId && one.message === message),
    )
    .map(({ ruleId, message }) => ({ ruleName: trial.nameOf(ruleId), message }));
}
