import { audit } from "../access/audit.ts";
import type { Tx } from "../db.ts";
import { type Preference, readPreferences, setPreference } from "../publish/notification-preferences.ts";
import { builder } from "./builder.ts";
import { auditActorOf, viewerOf } from "./context.ts";
import { userOf } from "./notification.ts";
import { attempt, type Outcome, UserErrorType } from "./payload.ts";

const PreferenceType = builder.objectRef<Preference>("NotificationPreference").implement({
  description: "How you want to be told of one kind of thing.",
  fields: (t) => ({
    kind: t.exposeString("kind", { description: "The kind, e.g. incident.assigned." }),
    does: t.exposeString("does", { description: "What it tells." }),
    inApp: t.exposeBoolean("inApp", {
      description: "Whether it is shown where you sign in. What is CRITICAL is shown all the same.",
    }),
    email: t.exposeBoolean("email", { description: "Whether it is sent to you by e-mail, too." }),
  }),
});

builder.queryField("notificationPreferences", (t) =>
  t.field({
    type: [PreferenceType],
    description: "Every kind of notification, and how you want to be told of it.",
    authScopes: { settled: true },
    resolve: (_parent, _args, context) => {
      const userId = userOf(context);
      return context.services.db.inOrganization(viewerOf(context).organizationId, (tx) => readPreferences(tx, userId));
    },
  }),
);

const PreferenceInput = builder.inputType("NotificationPreferenceInput", {
  description: "How you want to be told; what is absent stays as it is.",
  fields: (t) => ({
    kind: t.string({ required: true, description: "The kind, e.g. incident.assigned." }),
    inApp: t.boolean({ description: "Show it where I sign in. Default: true." }),
    email: t.boolean({ description: "Send it to me by e-mail, too. Default: false." }),
  }),
});

const PreferencePayload = builder.objectRef<Outcome<Preference>>("NotificationPreferenceSetPayload").implement({
  description: "The preference, or why nothing was changed.",
  fields: (t) => ({
    notificationPreference: t.field({
      type: PreferenceType,
      nullable: true,
      description: "As it is now; null when there are user errors.",
      resolve: ({ value }) => value ?? null,
    }),
    userErrors: t.field({
      type: [UserErrorType],
      description: "Why nothing was changed.",
      resolve: (it) => it.userErrors,
    }),
  }),
});

builder.mutationField("notificationPreferenceSet", (t) =>
  t.field({
    type: PreferencePayload,
    description: "Says how you want to be told of one kind of thing. Errors: BAD_USER_INPUT, CONFLICT.",
    authScopes: { settled: true },
    args: { input: t.arg({ type: PreferenceInput, required: true, description: "How." }) },
    resolve: (_parent, { input }, context) =>
      attempt(() => {
        const userId = userOf(context);
        const { kind } = input;
        const wish = { kind, inApp: input.inApp ?? undefined, email: input.email ?? undefined };
        return context.services.db.inOrganization(viewerOf(context).organizationId, async (tx: Tx) => {
          const set = await setPreference(tx, userId, wish);
          const entry = { actor: auditActorOf(context), entityKind: "User", entityId: userId };
          const detail = { kind, inApp: set.inApp, email: set.email };
          await audit(tx, { ...entry, action: "NOTIFICATION_PREFERENCE_SET", detail });
          return set;
        });
      }),
  }),
);
