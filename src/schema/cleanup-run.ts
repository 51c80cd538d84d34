import type { Cleaned } from "../retention/clean-up.ts";
import { builder } from "./builder.ts";
import { auditActorOf, viewerOf } from "./context.ts";
import { RetentionClassEnum } from "./enums.ts";
import { attempt, type Outcome, UserErrorType } from "./payload.ts";

const CountType = builder.objectRef<Cleaned>("CleanupCount").implement({
  description: "What is past its retention in one class of data.",
  fields: (t) => ({
    class: t.expose("class", { type: RetentionClassEnum, description: "Which class." }),
    cutoff: t.expose("cutoff", { type: "DateTime", description: "What is older has been kept long enough." }),
    rows: t.exposeInt("rows", {
      description:
        "How many events, alerts, incidents, audit entries and so on of the organization were removed, or, in a dry run, would " +
        "be. Audit entries go up to a signed checkpoint, so that the rest of their chain can be verified.",
    }),
    partitions: t.exposeInt("partitions", {
      description: "How many days of events went as a whole: those that no organization keeps any longer.",
    }),
  }),
});

const Payload = builder.objectRef<Outcome<Cleaned[]>>("CleanupRunPayload").implement({
  description: "What a clean-up removed, or would remove.",
  fields: (t) => ({
    counts: t.field({ type: [CountType], description: "Class by class.", resolve: ({ value }) => value ?? [] }),
    userErrors: t.field({
      type: [UserErrorType],
      description: "Why nothing was done.",
      resolve: (it) => it.userErrors,
    }),
  }),
});

builder.mutationField("cleanupRun", (t) =>
  t.field({
    type: Payload,
    description:
      "Removes what is past the organization's retention policies, as the hourly job does: at most a million events at " +
      "once beside whole days. What an open incident needs stays. Every run is written to the audit log.",
    authScopes: { permission: "retention.write" },
    args: { dryRun: t.arg.boolean({ required: true, description: "Only counts; changes nothing." }) },
    resolve: (_parent, { dryRun }, context) => {
      const request = { actor: auditActorOf(context), dryRun };
      return attempt(() => context.services.cleanUp(viewerOf(context).organizationId, request));
    },
  }),
);
