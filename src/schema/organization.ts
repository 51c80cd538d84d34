import { changeOrganization } from "../access/organization.ts";
import { VigilError } from "../errors.ts";
import { type ClockKind, clockKinds, type ResponseTimes, responseTimes } from "../incident/clocks.ts";
import { type Severity, severities } from "../ingest/event.ts";
import { builder } from "./builder.ts";
import { auditActorOf, prismaOf, viewerOf } from "./context.ts";
import { SeverityEnum } from "./enums.ts";
import { ClockKindEnum } from "./incident-clock.ts";
import { attempt, type Outcome, UserErrorType } from "./payload.ts";
import { RiskThresholdsInput } from "./risk-thresholds.ts";
import { milliseconds } from "./scalars.ts";

interface ResponseTime {
  severity: Severity;
  clock: ClockKind;
  seconds: number;
}

const ResponseTimeType = builder.objectRef<ResponseTime>("ResponseTime").implement({
  description: "How long people may take for something.",
  fields: (t) => ({
    severity: t.expose("severity", { type: SeverityEnum, description: "Of incidents of this severity." }),
    clock: t.expose("clock", { type: ClockKindEnum, description: "For what." }),
    duration: t.field({ type: "Duration", description: "How long.", resolve: ({ seconds }) => `PT${seconds}S` }),
  }),
});

function listed(own: ResponseTimes): ResponseTime[] {
  const times = responseTimes(own);
  return severities.flatMap((severity) =>
    clockKinds.flatMap((clock) => {
      const seconds = times[severity]?.[clock];
      return seconds ? [{ severity, clock, seconds }] : [];
    }),
  );
}

const longest = 366 * 86_400; // seconds

function read(times: readonly { severity: Severity; clock: ClockKind; duration: string }[]): ResponseTimes {
  const own: ResponseTimes = {};
  for (const { severity, clock, duration } of times) {
    const seconds = milliseconds(duration) / 1000;
    if (!Number.isInteger(seconds) || seconds > longest) {
      const message = "A response time is whole seconds, to a year";
      throw new VigilError("BAD_USER_INPUT", message, { path: ["input", "responseTimes"] });
    }
    own[severity] = { ...own[severity], [clock]: seconds };
  }
  return own;
}

const settled = { authScopes: { settled: true } };
/** What responses leave alone helps whoever has stolen a program's key. */
const guarded = { authScopes: { permission: "respond.read" as const } };

const Organization = builder.prismaObject("Organization", {
  authScopes: { signedIn: true }, // of what is not guarded here, the sign-in page shows some before the second factor
  fields: (t) => ({
    id: t.exposeID("id", { description: "The organization's id." }),
    slug: t.exposeString("slug", { description: "Short name used in commands and tokens." }),
    name: t.exposeString("name", { description: "Its name, for people." }),
    sessionIdleMinutes: t.exposeInt("sessionIdleMinutes"),
    secondFactorRequired: t.exposeBoolean("secondFactorRequired", settled),
    timeZone: t.exposeString("timeZone"),
    responseTimes: t.field({
      ...settled,
      type: [ResponseTimeType],
      description: "How long people may take for incidents, by severity: the defaults, and what the organization set.",
      resolve: ({ responseTimes }) => listed(responseTimes as ResponseTimes),
    }),
    protectedTargets: t.exposeStringList("protectedTargets", guarded),
    responseCap: t.exposeInt("responseCap", guarded),
    reopenGrace: t.field({
      ...settled,
      type: "Duration",
      description: "New detections reopen an incident that was resolved no longer ago than this.",
      resolve: ({ reopenGraceS }) => `PT${reopenGraceS}S`,
    }),
  }),
});

builder.queryField("organization", (t) =>
  t.prismaField({
    type: Organization,
    description: "The organization of whoever asks.",
    ...settled,
    resolve: (query, _parent, _args, context) =>
      prismaOf(context).organization.findUniqueOrThrow({ ...query, where: { id: viewerOf(context).organizationId } }),
  }),
);

const ResponseTimeInput = builder.inputType("ResponseTimeInput", {
  description: "How long people may take for something.",
  fields: (t) => ({
    severity: t.field({ type: SeverityEnum, required: true, description: "Of incidents of this severity." }),
    clock: t.field({ type: ClockKindEnum, required: true, description: "For what." }),
    duration: t.field({
      type: "Duration",
      required: true,
      description: "How long, to a year; PT0S: as long as they like.",
    }),
  }),
});

const UpdateInput = builder.inputType("OrganizationUpdateInput", {
  description: "What to change; what is absent stays.",
  fields: (t) => ({
    name: t.string({ description: "Its name, for people." }),
    sessionIdleMinutes: t.int({ description: "After how many minutes without a request a session ends: 2 to 60." }),
    secondFactorRequired: t.boolean({
      description: "Whether administrators, and whoever reads PHI, must have given a second factor.",
    }),
    timeZone: t.string({
      description: "IANA time zone, e.g. `America/Chicago`: when days and working hours begin. From the next event on.",
    }),
    responseTimes: t.field({
      type: [ResponseTimeInput],
      description: "How long people may take, where it differs from the defaults. Replaces what was set before.",
    }),
    reopenGrace: t.field({
      type: "Duration",
      description: "New detections reopen an incident that was resolved no longer ago than this: PT0S to P30D.",
    }),
    protectedTargets: t.stringList({
      description: "Addresses, ranges and users that no response may touch; replaces the list, of at most 1,000.",
    }),
    riskThresholds: t.field({ type: RiskThresholdsInput, description: "Which threat scores raise incidents." }),
    responseCap: t.int({
      description: "So many automatic actions may be done in 10 minutes, 0 to 10,000; the next one opens the breaker.",
    }),
  }),
});

const UpdatePayload = builder.objectRef<Outcome<string>>("OrganizationUpdatePayload").implement({
  description: "The organization after the change, or why nothing was changed.",
  fields: (t) => ({
    organization: t.prismaField({
      type: Organization,
      nullable: true,
      description: "The organization as it is now; null when there are user errors.",
      resolve: (query, { value }, _args, context) =>
        value ? prismaOf(context).organization.findUnique({ ...query, where: { id: value } }) : null,
    }),
    userErrors: t.field({
      type: [UserErrorType],
      description: "Why nothing was changed.",
      resolve: (it) => it.userErrors,
    }),
  }),
});

builder.mutationField("organizationUpdate", (t) =>
  t.field({
    type: UpdatePayload,
    description: "Changes the organization's name and settings.",
    authScopes: { permission: "organization.write" },
    args: { input: t.arg({ type: UpdateInput, required: true, description: "What to change." }) },
    resolve: (_parent, { input }, context) =>
      attempt(async () => {
        const { organizationId } = viewerOf(context);
        const { sessionId, byProvider, secondFactor } = viewerOf(context);
        if (input.secondFactorRequired && (byProvider || sessionId !== undefined) && secondFactor !== "GIVEN") {
          const how = byProvider ? "at your identity provider" : "(totpEnroll, totpVerify)";
          const message = `Give your own second factor first ${how}, or you would be locked out`;
          throw new VigilError("CONFLICT", message, { path: ["secondFactorRequired"] });
        }
        const change = {
          name: input.name ?? undefined,
          sessionIdleMinutes: input.sessionIdleMinutes ?? undefined,
          secondFactorRequired: input.secondFactorRequired ?? undefined,
          timeZone: input.timeZone ?? undefined,
          responseTimes: input.responseTimes ? read(input.responseTimes) : undefined,
          protectedTargets: input.protectedTargets ?? undefined,
          riskThresholds: input.riskThresholds ?? undefined,
          responseCap: input.responseCap ?? undefined,
          reopenGraceS: input.reopenGrace ? milliseconds(input.reopenGrace) / 1000 : undefined,
        };
        await context.services.change(organizationId, (tx) => changeOrganization(tx, change, auditActorOf(context)));
        return organizationId;
      }),
  }),
);
