import type { Finding, findingKinds } from "../alert/settings-lint.ts";
import { lintSettings } from "../alert/settings-lint-read.ts";
import { builder } from "./builder.ts";
import { viewerOf } from "./context.ts";
import { describedEnum } from "./enums.ts";

const read = { authScopes: { permission: "alertSettings.read" as const } };

const KindEnum = describedEnum<(typeof findingKinds)[number]>("AlertSettingsFindingKind", "What is weak.", {
  NO_CHANNEL: "Nobody is told of anything.",
  ONE_WAY_ONLY: "What is CRITICAL ends in one mailbox, telephone or program.",
  ROUTE_UNREACHABLE: "A route is never asked.",
  ROUTE_TELLS_NOBODY: "What a route takes is told to nobody.",
  CHANNEL_STOPPED: "A channel does not deliver.",
  CHANNEL_FAILING: "A channel does nothing but fail.",
  CHANNEL_UNPROVEN: "A channel has never delivered anything.",
  POLICY: "Something of an escalation policy comes to nothing.",
  SCHEDULE: "Nobody is on call at a time, or somebody who is suspended.",
  RESPONDER_UNREACHABLE: "Somebody who is called cannot be reached.",
  RESPONDER_MAY_NOT_ACKNOWLEDGE: "Somebody who is called may not answer.",
});

const FindingType = builder.objectRef<Finding>("AlertSettingsFinding").implement({
  description: "Something in the settings of alerting that would not do what its author thinks.",
  fields: (t) => ({
    kind: t.expose("kind", { type: KindEnum, description: "What is weak." }),
    name: t.exposeString("name", {
      nullable: true,
      description: "The name of the channel, route, policy, schedule, or a person's e-mail address; null: the whole.",
    }),
    message: t.exposeString("message", { description: "What it is, and what to do, in words." }),
  }),
});

builder.queryField("alertSettingsLint", (t) =>
  t.field({
    type: [FindingType],
    description: "What in the settings of alerting is weak, the gravest first; empty: nothing.",
    ...read,
    resolve: (_parent, _args, context) => {
      const { db, now } = context.services;
      return db.inOrganization(viewerOf(context).organizationId, (tx) => lintSettings(tx, now()));
    },
  }),
);
