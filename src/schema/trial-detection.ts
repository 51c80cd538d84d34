import type { DetectionDraft } from "../detect/detection.ts";
import { builder } from "./builder.ts";
import { RuleModeEnum, SeverityEnum } from "./enums.ts";
import { SubjectType } from "./subject.ts";

/** A detection that a trial made. Patients are kept from whoever may not read them, as in stored ones (see phi.ts). */
export const TrialDetection = builder.objectRef<DetectionDraft>("TrialDetection").implement({
  description: "What a rule on trial detects. Nothing of it is stored.",
  fields: (t) => ({
    ruleName: t.exposeString("ruleName", { description: "The rule: the one that is tried, or one that counts it." }),
    mode: t.expose("mode", { type: RuleModeEnum, description: "The rule's mode in the trial." }),
    severity: t.expose("severity", { type: SeverityEnum, description: "How bad it is." }),
    fingerprint: t.exposeString("fingerprint", { description: "What incidents gather by." }),
    weak: t.boolean({
      description: "Whether it is a sign that opens no incident by itself, but counts for the threat score.",
      resolve: ({ weak }) => weak === true,
    }),
    subjects: t.field({
      type: [SubjectType],
      description: "Whom or what it is about.",
      resolve: ({ subjects }) => subjects,
    }),
    explanation: t.string({ description: "Why it is one, in words.", resolve: ({ explanation }) => explanation }),
    firstEventAt: t.field({
      type: "DateTime",
      description: "When its first event happened.",
      resolve: ({ firstEventAt }) => new Date(firstEventAt),
    }),
    lastEventAt: t.field({
      type: "DateTime",
      description: "When its last event happened.",
      resolve: ({ lastEventAt }) => new Date(lastEventAt),
    }),
    eventCount: t.exposeInt("eventCount", { description: "How many events it gathers." }),
  }),
});
