/** The reports of `statistics`: one type a view, one field a type. */
import type { ChannelKind, Severity } from "../generated/prisma/client.ts";
import { type Range, report } from "../incident/statistics.ts";
import { builder } from "./builder.ts";
import { type Context, viewerOf } from "./context.ts";
import { ChannelKindEnum, SeverityEnum } from "./enums.ts";

interface OfDay {
  day: string;
}
const dayText = { description: "The day (UTC), e.g. `2026-11-24`." };

const Incidents = builder
  .objectRef<OfDay & { severity: Severity; rule_name: string | null; incidents: number; open: number }>(
    "IncidentsReport",
  )
  .implement({
    description: "The incidents opened on one day, of one severity, by one rule.",
    fields: (t) => ({
      day: t.exposeString("day", dayText),
      severity: t.expose("severity", { type: SeverityEnum, description: "How bad they are." }),
      ruleName: t.exposeString("rule_name", { nullable: true, description: "The title of the rule that opened them." }),
      incidents: t.exposeInt("incidents", { description: "How many were opened." }),
      open: t.exposeInt("open", { description: "How many of them are still open." }),
    }),
  });

interface Times {
  severity: Severity;
  acknowledged: number;
  mean_acknowledge_s: number | null;
  p90_acknowledge_s: number | null;
  contained: number;
  mean_contain_s: number | null;
  p90_contain_s: number | null;
  resolved: number;
  mean_resolve_s: number | null;
  p90_resolve_s: number | null;
}
const ResponseTimes = builder.objectRef<OfDay & Times>("ResponseTimesReport").implement({
  description: "How fast incidents opened on one day, of one severity, were answered.",
  fields: (t) => ({
    day: t.exposeString("day", dayText),
    severity: t.expose("severity", { type: SeverityEnum, description: "How bad they are." }),
    acknowledged: t.exposeInt("acknowledged", { description: "How many were acknowledged." }),
    meanSecondsToAcknowledge: t.exposeFloat("mean_acknowledge_s", {
      nullable: true,
      description: "Mean time from opened to acknowledged, in seconds.",
    }),
    p90SecondsToAcknowledge: t.exposeFloat("p90_acknowledge_s", {
      nullable: true,
      description: "Nine of ten were acknowledged within it, in seconds.",
    }),
    contained: t.exposeInt("contained", { description: "How many were contained." }),
    meanSecondsToContain: t.exposeFloat("mean_contain_s", {
      nullable: true,
      description: "Mean time from opened to contained, in seconds.",
    }),
    p90SecondsToContain: t.exposeFloat("p90_contain_s", {
      nullable: true,
      description: "Nine of ten were contained within it, in seconds.",
    }),
    resolved: t.exposeInt("resolved", { description: "How many were resolved." }),
    meanSecondsToResolve: t.exposeFloat("mean_resolve_s", {
      nullable: true,
      description: "Mean time from opened to resolved, in seconds.",
    }),
    p90SecondsToResolve: t.exposeFloat("p90_resolve_s", {
      nullable: true,
      description: "Nine of ten were resolved within it, in seconds.",
    }),
  }),
});

type Counts = Record<"alerts" | "sent" | "delivered" | "failed" | "held" | "queued" | "attempts", number>;
const AlertDelivery = builder
  .objectRef<OfDay & Counts & { channel_name: string; channel_kind: ChannelKind }>("AlertDeliveryReport")
  .implement({
    description: "What became of the alerts decided on one day for one channel.",
    fields: (t) => ({
      day: t.exposeString("day", dayText),
      channelName: t.exposeString("channel_name", { description: "The channel's name." }),
      channelKind: t.expose("channel_kind", { type: ChannelKindEnum, description: "How it delivers." }),
      alerts: t.exposeInt("alerts", { description: "How many there are." }),
      sent: t.exposeInt("sent", { description: "Handed over, whether confirmed or not." }),
      delivered: t.exposeInt("delivered", { description: "Confirmed by the receiver." }),
      failed: t.exposeInt("failed", { description: "Not deliverable." }),
      held: t.exposeInt("held", { description: "Held back." }),
      queued: t.exposeInt("queued", { description: "Not handed over yet: queued, being sent, or to be tried again." }),
      attempts: t.exposeInt("attempts", { description: "Tries at delivering them." }),
    }),
  });

const byUser = builder.objectRef<OfDay & { actor: string; reads: number; patients: number }>("PhiAccessByUserReport");
byUser.implement({
  description: "What one person or program read of patients' records on one day.",
  fields: (t) => ({
    day: t.exposeString("day", dayText),
    actor: t.exposeString("actor", { description: "Who." }),
    reads: t.exposeInt("reads", { description: "How many reads." }),
    patients: t.exposeInt("patients", {
      description: "Of how many patients; what was read that may name one counts as one.",
    }),
  }),
});

const byPatient = builder.objectRef<OfDay & { patient: string; reads: number; users: number }>(
  "PhiAccessByPatientReport",
);
byPatient.implement({
  description: "Who read one patient's record on one day.",
  fields: (t) => ({
    day: t.exposeString("day", dayText),
    patient: t.exposeString("patient", {
      description:
        "What the audit log calls the patient: a pseudonym, as in `accessReport`; or what was read that may name one.",
    }),
    reads: t.exposeInt("reads", { description: "How many reads." }),
    users: t.exposeInt("users", { description: "By how many people or programs." }),
  }),
});

/** A view's rows; each type above says which columns it takes of them. */
const read =
  (view: Parameters<typeof report>[2]) =>
  (range: Range, _args: object, context: Context): Promise<never[]> =>
    report(context.services.db, viewerOf(context).organizationId, view, range);

type FieldsOf = Parameters<
  Parameters<ReturnType<typeof builder.objectRef<Range & { step: number }>>["implement"]>[0]["fields"] & object
>[0];

/** The fields of Statistics that read a view each. */
export function reportFields(t: FieldsOf) {
  return {
    incidents: t.field({
      type: [Incidents],
      description: "Incidents by day, severity and rule.",
      resolve: read("report_incidents"),
    }),
    responseTimes: t.field({
      type: [ResponseTimes],
      description: "Times to acknowledge, to contain and to resolve, by day and severity.",
      resolve: read("report_response_times"),
    }),
    alertDelivery: t.field({
      type: [AlertDelivery],
      description: "What became of alerts, by day and channel.",
      resolve: read("report_alert_delivery"),
    }),
    phiAccessByUser: t.field({
      type: [byUser],
      description: "Reads of patients' records, by day and reader.",
      authScopes: { permission: "audit.read" },
      resolve: read("report_phi_access_by_user"),
    }),
    phiAccessByPatient: t.field({
      type: [byPatient],
      description: "Reads of patients' records, by day and patient.",
      authScopes: { permission: "audit.read" },
      resolve: read("report_phi_access_by_patient"),
    }),
  };
}
