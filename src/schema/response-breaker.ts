import { VigilError } from "../errors.ts";
import { type Breaker, readBreaker, resumeBreaker } from "../respond/breaker-state.ts";
import { builder } from "./builder.ts";
import { auditActorOf, viewerOf } from "./context.ts";
import { attempt, type Outcome, UserErrorType } from "./payload.ts";

const BreakerType = builder.objectRef<Breaker>("ResponseBreaker").implement({
  description: "The circuit breaker of automatic response: while it is open, no action is done automatically.",
  fields: (t) => ({
    isOpen: t.boolean({
      description: "Whether automatic response has stopped.",
      resolve: ({ openedAt }) => openedAt !== null,
    }),
    openedAt: t.expose("openedAt", { type: "DateTime", nullable: true, description: "Since when." }),
    reason: t.exposeString("reason", { nullable: true, description: "Why." }),
    cap: t.exposeInt("cap", { description: "So many automatic actions may be done in 10 minutes." }),
  }),
});

builder.queryField("responseBreaker", (t) =>
  t.field({
    type: BreakerType,
    description: "Whether automatic response goes on.",
    authScopes: { permission: "respond.read" },
    resolve: (_parent, _args, context) =>
      context.services.db.inOrganization(viewerOf(context).organizationId, readBreaker),
  }),
);

const ResumePayload = builder.objectRef<Outcome<Breaker>>("ResponseBreakerResumePayload").implement({
  description: "Whether automatic response goes on again.",
  fields: (t) => ({
    breaker: t.field({
      type: BreakerType,
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

builder.mutationField("responseBreakerResume", (t) =>
  t.field({
    type: ResumePayload,
    description: "Closes the circuit breaker: actions are done automatically again, and counted anew.",
    authScopes: { permission: "respond.write" },
    args: { reason: t.arg.string({ required: true, description: "Why it is right to: 1 to 500 characters." }) },
    resolve: (_parent, args, context) =>
      attempt(() => {
        const reason = args.reason.trim();
        if (reason === "" || reason.length > 500) {
          throw new VigilError("BAD_USER_INPUT", "A reason has 1 to 500 characters.", { path: ["reason"] });
        }
        return context.services.change(viewerOf(context).organizationId, async (tx) => {
          await resumeBreaker(tx, { auditActor: auditActorOf(context), reason, now: context.services.now() });
          return readBreaker(tx);
        });
      }),
  }),
);
