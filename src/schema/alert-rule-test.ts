import { createHmac, randomBytes } from "node:crypto";
import { audit } from "../access/audit.ts";
import { loadRules } from "../detect/store.ts";
import { type TestedEvents, testEvents } from "../detect/trace-events.ts";
import { prepareTrial } from "../detect/trial.ts";
import { VigilError } from "../errors.ts";
import { stamp } from "../ingest/accept.ts";
import type { Rejection, SecurityEvent } from "../ingest/event.ts";
import { dropUnknown, type Privacy, splitEvent } from "../ingest/privacy.ts";
import { readPrivacy } from "../ingest/privacy-settings.ts";
import { validateEvent } from "../ingest/validate.ts";
import { pseudonymBy } from "../secrets/pseudonym.ts";
import { AlertRule } from "./alert-rule.ts";
import { builder } from "./builder.ts";
import { auditActorOf, type Context, viewerOf } from "./context.ts";
import { attempt, type Outcome, UserErrorType } from "./payload.ts";
import { mayReadPatients } from "./phi.ts";
import { TracedEventType } from "./rule-trace.ts";
import { Event, RejectionType } from "./security-event-ingest.ts";
import { TrialDetection } from "./trial-detection.ts";

const mostEvents = 200; // each is told about clause by clause

const Input = builder.inputType("AlertRuleTestInput", {
  description: "A rule and events to try it on. Give `ruleId`, `yaml`, or both: then `yaml` is a draft of that rule.",
  fields: (t) => ({
    ruleId: t.globalID({ for: AlertRule, description: "A stored rule." }),
    yaml: t.string({ description: "Sigma, of one document or more; may count on stored rules." }),
    events: t.field({
      type: [Event],
      required: true,
      description: `At most ${mostEvents} events, in the order in which they arrive. They are judged and forgotten.`,
    }),
  }),
});

interface Tested extends TestedEvents {
  rejected: Rejection[];
}

const Payload = builder.objectRef<Outcome<Tested>>("AlertRuleTestPayload").implement({
  description: "What a rule makes of sample events.",
  fields: (t) => ({
    matched: t.boolean({
      description: "Whether the rule would have fired, or one that counts it.",
      resolve: ({ value }) => (value?.detections.length ?? 0) > 0,
    }),
    results: t.field({
      type: [TracedEventType],
      description: "For each event and detection rule: why it matches, or why not.",
      resolve: ({ value }) => value?.results ?? [],
    }),
    detections: t.field({
      type: [TrialDetection],
      description: "What would have been detected in all of the events together.",
      resolve: ({ value }) => value?.detections ?? [],
    }),
    rejected: t.field({
      type: [RejectionType],
      description: "Events that would have been refused, and so were not judged.",
      resolve: ({ value }) => value?.rejected ?? [],
    }),
    userErrors: t.field({
      type: [UserErrorType],
      description: "Why nothing was judged.",
      resolve: (result) => result.userErrors,
    }),
  }),
});

builder.mutationField("alertRuleTest", (t) =>
  t.field({
    type: Payload,
    description: "Tries a rule, stored or not, on sample events. Stores nothing but the note of it in the audit log.",
    authScopes: { permission: "rule.read" },
    args: { input: t.arg({ type: Input, required: true, description: "The rule and the events." }) },
    resolve: (_parent, { input }, context) => attempt(() => runTest(context, input)),
  }),
);

async function runTest(context: Context, input: typeof Input.$inferInput): Promise<Tested> {
  const { organizationId } = viewerOf(context);
  const { db, now } = context.services;
  if (input.events.length > mostEvents)
    throw new VigilError("BAD_USER_INPUT", `At most ${mostEvents} events can be tried at once`, {
      path: ["input", "events"],
    });
  const { loaded, privacy } = await db.inOrganization(organizationId, async (tx) => ({
    loaded: await loadRules(tx),
    privacy: await readPrivacy(tx),
  }));
  const ruleId = input.ruleId?.id;
  const trial = prepareTrial({ organizationId, loaded, exceptionsAt: now(), ruleId, yaml: input.yaml ?? undefined });
  const { events, places, rejected } = await readEvents(input.events, privacy, context.services);
  const clear = clearReader(privacy);
  const visible = (await mayReadPatients(context)) ? {} : { visibleOf: clearReader(asOthersSee(privacy)) };
  // Not the pseudonyms of stored detections: by trying names, one could find out who is behind those.
  const key = randomBytes(32);
  const pseudonym = pseudonymBy((value) => createHmac("sha256", key).update(value).digest().subarray(0, 8));
  const tested = await testEvents(trial, events, { disguise: { clearOf: clear, pseudonym }, ...visible });
  await db.inOrganization(organizationId, (tx) =>
    audit(tx, {
      actor: auditActorOf(context),
      action: "ALERT_RULE_TESTED",
      entityKind: "AlertRule",
      entityId: ruleId ?? "",
      detail: { rules: trial.tried.length, events: events.length, detections: tested.detections.length },
    }),
  );
  const results = tested.results.map((one) => ({ ...one, index: places[one.index] ?? one.index }));
  return { ...tested, results, rejected };
}

/** The events as ingest would take them, each arriving when it happened, but after the one before. */
async function readEvents(sent: readonly unknown[], privacy: Privacy, { now: clock, enricher }: Context["services"]) {
  const now = clock();
  const events: SecurityEvent[] = [];
  const places: number[] = [];
  const rejected: Rejection[] = [];
  let arrival = 0;
  for (const [index, value] of sent.entries()) {
    const judged = validateEvent(value, index, now);
    if ("rejection" in judged) {
      rejected.push(judged.rejection);
      continue;
    }
    arrival = Math.max(arrival + 1, judged.event.time ?? now);
    await enricher.ready([judged.event]);
    events.push(...stamp([dropUnknown(judged.event, privacy)], arrival, enricher.of));
    places.push(index);
  }
  return { events, places, rejected };
}

function clearReader(privacy: Privacy): (event: SecurityEvent) => SecurityEvent {
  const known = new WeakMap<SecurityEvent, SecurityEvent>();
  return (event) => {
    const before = known.get(event);
    if (before) return before;
    const { clear } = splitEvent(event, privacy);
    known.set(event, clear);
    return clear;
  };
}

/** What is not sealed but is a patient's is kept from others all the same. */
const asOthersSee = (privacy: Privacy): Privacy =>
  privacy.phiFields === "KEEP" ? { ...privacy, phiFields: "PATIENT" } : privacy;
