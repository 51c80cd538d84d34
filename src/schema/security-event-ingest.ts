import type { Rejection } from "../ingest/event.ts";
import { builder } from "./builder.ts";
import { auditActorOf, viewerOf } from "./context.ts";
import { attempt, type Outcome, UserErrorType } from "./payload.ts";

const Logsource = builder.inputType("LogsourceInput", {
  description: "Sigma's logsource: what produced the event.",
  fields: (t) => ({
    product: t.string({ description: "The product, e.g. `linux`." }),
    service: t.string({ description: "The service, e.g. `sshd`." }),
    category: t.string({ description: "The category, e.g. `webserver`." }),
  }),
});

const Actor = builder.inputType("ActorInput", {
  description: "Who did it.",
  fields: (t) => ({
    id: t.string({ description: "Their id in the application." }),
    name: t.string({ description: "Their name." }),
    email: t.string({ description: "Their e-mail address." }),
    roles: t.stringList({ description: "Their roles in the application." }),
  }),
});

const Source = builder.inputType("SourceInput", {
  description: "Where it came from.",
  fields: (t) => ({
    ip: t.string({ description: "The IPv4 or IPv6 address." }),
    port: t.int({ description: "The port." }),
    country: t.string({ description: "The country, as ISO code." }),
    city: t.string({ description: "The city." }),
    lat: t.float({ description: "Degrees north." }),
    lon: t.float({ description: "Degrees east." }),
  }),
});

const Target = builder.inputType("TargetInput", {
  description: "What it was done to.",
  fields: (t) => ({
    type: t.string({ description: "What kind of thing, e.g. `patient`." }),
    id: t.string({ description: "Its id." }),
    name: t.string({ description: "Its name." }),
    patientId: t.string({ description: "Whose record it is: marks an access to PHI." }),
  }),
});

const Http = builder.inputType("HttpInput", {
  description: "The request.",
  fields: (t) => ({
    method: t.string({ description: "Its method." }),
    path: t.string({ description: "Its path." }),
    query: t.string({ description: "Its query string." }),
    status: t.int({ description: "The answer's status." }),
    bytes: t.float({ description: "How many bytes were answered." }),
    durationMs: t.float({ description: "How long it took, in ms." }),
    referrer: t.string({ description: "Its referrer." }),
    host: t.string({ description: "The host it was sent to." }),
  }),
});

/** One event as a client sends it. */
export const Event = builder.inputType("SecurityEventInput", {
  description: "One event as sent. Enum-like texts may be in any case; a bad event is rejected alone.",
  fields: (t) => ({
    id: t.string({ description: "Your own id: the same id again is a duplicate." }),
    time: t.field({ type: "EventTime", description: "When it happened; absent: now." }),
    logsource: t.field({ type: Logsource, description: "What produced the event." }),
    action: t.string({ description: "What was done, e.g. `login`. The only field an event must have." }),
    category: t.string({ description: "AUTHENTICATION, ACCESS, … (see EventCategory)." }),
    outcome: t.string({ description: "SUCCESS, FAILURE or UNKNOWN." }),
    severity: t.string({ description: "INFO, LOW, MEDIUM, HIGH or CRITICAL." }),
    actor: t.field({ type: Actor, description: "Who did it." }),
    source: t.field({ type: Source, description: "Where it came from." }),
    userAgent: t.string({ description: "The program it was done with." }),
    device: t.string({ description: "The device it was done on." }),
    sessionId: t.string({ description: "The application's session." }),
    target: t.field({ type: Target, description: "What it was done to." }),
    http: t.field({ type: Http, description: "The request." }),
    message: t.string({ description: "The original text." }),
    attributes: t.field({ type: "JSON", description: "An object of everything else." }),
  }),
});

const Input = builder.inputType("SecurityEventsIngestInput", {
  description: "A batch of events.",
  fields: (t) => ({ events: t.field({ type: [Event], required: true, description: "The events." }) }),
});

/** An event that was refused. */
export const RejectionType = builder.objectRef<Rejection>("EventRejection").implement({
  description: "An event that was refused, and why.",
  fields: (t) => ({
    index: t.exposeInt("index", { description: "Its place in the batch, from 0." }),
    code: t.exposeString("code", { description: "For programs, e.g. INVALID_FIELD." }),
    message: t.exposeString("message", { description: "For people; names the field." }),
  }),
});

type Result = Outcome<{ accepted: number; duplicates: number; rejected: Rejection[] }>;

const Payload = builder.objectRef<Result>("SecurityEventsIngestPayload").implement({
  description: "What became of a batch of events.",
  fields: (t) => ({
    accepted: t.int({ description: "How many were stored.", resolve: ({ value }) => value?.accepted ?? 0 }),
    duplicates: t.int({ description: "How many were here already.", resolve: ({ value }) => value?.duplicates ?? 0 }),
    rejected: t.field({
      type: [RejectionType],
      description: "Those that were refused.",
      resolve: ({ value }) => value?.rejected ?? [],
    }),
    userErrors: t.field({
      type: [UserErrorType],
      description: "Why nothing was done.",
      resolve: (result) => result.userErrors,
    }),
  }),
});

builder.mutationField("securityEventsIngest", (t) =>
  t.field({
    type: Payload,
    description: "Sends events. Once answered they are stored and have been judged.",
    authScopes: { permission: "event.ingest" },
    args: { input: t.arg({ type: Input, required: true, description: "The events." }) },
    resolve: (_parent, { input }, context) =>
      attempt(() => context.services.ingest(viewerOf(context).organizationId, input.events, auditActorOf(context))),
  }),
);
