import { builder } from "./builder.ts";
import { viewerOf } from "./context.ts";
import { attempt, type Outcome, UserErrorType } from "./payload.ts";
import { ViewerType } from "./viewer.ts";

interface Enrolment {
  secret: string;
  uri: string;
}

/** A payload with its user errors; each mutation adds what it gives. */
function payload<T>(name: string, description: string) {
  return builder.objectRef<Outcome<T>>(name).implement({
    description,
    fields: (t) => ({
      userErrors: t.field({
        type: [UserErrorType],
        description: "Why nothing was done.",
        resolve: (it) => it.userErrors,
      }),
    }),
  });
}

const EnrollPayload = payload<Enrolment>("TotpEnrollPayload", "What an authenticator application needs.");
builder.objectFields(EnrollPayload, (t) => ({
  secret: t.string({
    nullable: true,
    description: "The secret, to be typed into the application. Shown this once.",
    resolve: ({ value }) => value?.secret ?? null,
  }),
  uri: t.string({
    nullable: true,
    description: "The same as an `otpauth:` address, to be shown as a QR code.",
    resolve: ({ value }) => value?.uri ?? null,
  }),
}));
builder.mutationField("totpEnroll", (t) =>
  t.field({
    type: EnrollPayload,
    description: "Begins to set up an authenticator application as your second factor; `totpConfirm` ends it.",
    authScopes: { signedIn: true },
    resolve: (_parent, _args, context) => attempt(() => context.services.secondFactor.enroll(viewerOf(context))),
  }),
);

const CodeInput = builder.inputType("TotpCodeInput", {
  description: "A code of the second factor.",
  fields: (t) => ({
    code: t.string({ required: true, description: "The 6 digits that the application shows, or a recovery code." }),
  }),
});

const ConfirmPayload = payload<string[]>("TotpConfirmPayload", "The recovery codes.");
builder.objectField(ConfirmPayload, "recoveryCodes", (t) =>
  t.stringList({
    nullable: true,
    description: "Each stands in for the application once, should it be lost. Shown this once: keep them elsewhere.",
    resolve: ({ value }) => value ?? null,
  }),
);
builder.mutationField("totpConfirm", (t) =>
  t.field({
    type: ConfirmPayload,
    description: "Proves that the application has the secret; from then on it counts, in this session too.",
    authScopes: { signedIn: true },
    args: { input: t.arg({ type: CodeInput, required: true, description: "The code." }) },
    resolve: (_parent, { input }, context) =>
      attempt(() => context.services.secondFactor.confirm(viewerOf(context), input.code)),
  }),
);

const VerifyPayload = payload<boolean>("TotpVerifyPayload", "Who you are after it.");
builder.objectField(VerifyPayload, "viewer", (t) =>
  t.field({
    type: ViewerType,
    nullable: true,
    description: "You, with the second factor given; null when there are user errors.",
    resolve: ({ value }, _args, context) => (value ? { ...viewerOf(context), secondFactor: "GIVEN" as const } : null),
  }),
);
builder.mutationField("totpVerify", (t) =>
  t.field({
    type: VerifyPayload,
    description: "Gives the second factor in this session. Too many wrong codes make you wait (RATE_LIMITED).",
    authScopes: { signedIn: true },
    args: { input: t.arg({ type: CodeInput, required: true, description: "The code." }) },
    resolve: (_parent, { input }, context) =>
      attempt(async () => {
        await context.services.secondFactor.verify(viewerOf(context), input.code);
        return true;
      }),
  }),
);

const DisablePayload = payload<boolean>("TotpDisablePayload", "Whether it is gone.");
builder.objectField(DisablePayload, "disabled", (t) =>
  t.boolean({ description: "Whether you have no second factor any more.", resolve: ({ value }) => value === true }),
);
builder.mutationField("totpDisable", (t) =>
  t.field({
    type: DisablePayload,
    description: "Takes your second factor and its recovery codes away; sessions that gave it have given none.",
    authScopes: { signedIn: true },
    args: { input: t.arg({ type: CodeInput, required: true, description: "A code, once more." }) },
    resolve: (_parent, { input }, context) =>
      attempt(async () => {
        await context.services.secondFactor.disable(viewerOf(context), input.code);
        return true;
      }),
  }),
);
