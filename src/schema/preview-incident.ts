import type { AlertsPerDay } from "../alert/per-day.ts";
import type { IncidentFacts } from "../alert/route.ts";
import type { DetectionDraft, Subject } from "../detect/detection.ts";
import { titleOf } from "../incident/gather.ts";
import { type Severity, severities } from "../ingest/event.ts";
import { builder } from "./builder.ts";
import { SeverityEnum } from "./enums.ts";
import { SubjectType } from "./subject.ts";

/** An incident that detections on trial would have opened. */
export interface IncidentPreview {
  fingerprint: string;
  ruleId: string;
  tags: readonly string[];
  title: string;
  severity: Severity;
  subjects: Subject[];
  detectionCount: number;
  eventCount: number;
  firstEventAt: Date;
  lastEventAt: Date;
}

/** The incident of detections with one fingerprint. */
export function previewIncident(drafts: readonly DetectionDraft[]): IncidentPreview {
  const [lead] = drafts as readonly [DetectionDraft];
  const worst = drafts.map(({ severity }) => severities.indexOf(severity));
  return {
    fingerprint: lead.fingerprint,
    ruleId: lead.ruleId,
    tags: lead.tags,
    title: titleOf(lead),
    severity: severities[Math.max(...worst)] as Severity,
    subjects: lead.subjects,
    detectionCount: drafts.length,
    eventCount: drafts.reduce((sum, { eventCount }) => sum + eventCount, 0),
    firstEventAt: new Date(drafts.reduce((least, one) => Math.min(least, one.firstEventAt), lead.firstEventAt)),
    lastEventAt: new Date(drafts.reduce((most, one) => Math.max(most, one.lastEventAt), lead.lastEventAt)),
  };
}

export const IncidentPreviewType = builder.objectRef<IncidentPreview>("IncidentPreview").implement({
  description: "An incident that would have opened.",
  fields: (t) => ({
    title: t.string({ description: "What it would have been called.", resolve: ({ title }) => title }),
    severity: t.expose("severity", { type: SeverityEnum, description: "The worst of its detections." }),
    subjects: t.field({
      type: [SubjectType],
      description: "Whom or what it would have been about.",
      resolve: ({ subjects }) => subjects,
    }),
    detectionCount: t.exposeInt("detectionCount", { description: "How many detections it would have gathered." }),
    eventCount: t.exposeInt("eventCount", { description: "How many events those gather." }),
    firstEventAt: t.expose("firstEventAt", { type: "DateTime", description: "When its first event happened." }),
    lastEventAt: t.expose("lastEventAt", { type: "DateTime", description: "When its last event happened." }),
  }),
});

/** Each as routes see incidents, once it was opened. */
export function asIncidentFacts(
  incidents: readonly IncidentPreview[],
  referenceOf: (ruleId: string) => string,
): IncidentFacts[] {
  return incidents.map(({ ruleId, firstEventAt, fingerprint, ...rest }, index) => ({
    ...rest,
    fingerprint,
    id: fingerprint,
    number: index + 1,
    status: "OPEN",
    since: firstEventAt.getTime(),
    rule: referenceOf(ruleId),
  }));
}

export const AlertsPerDayType = builder.objectRef<AlertsPerDay>("AlertsPerDay").implement({
  description: "How many alerts one day would have brought to one channel.",
  fields: (t) => ({
    day: t.exposeString("day", { description: "The day in UTC, e.g. `2026-11-24`." }),
    channelId: t.globalID({
      description: "The channel's id.",
      resolve: ({ channelId }) => ({ type: "AlertChannel", id: channelId }),
    }),
    channel: t.exposeString("channel", { description: "The channel's name." }),
    alerts: t.exposeInt("alerts", {
      description: "How many, one for each recipient. Those of a group go out in one message.",
    }),
    held: t.exposeInt("held", { description: "How many of them a mute time or quiet hours would have kept back." }),
  }),
});

interface PerDay {
  day: string;
  incidents: number;
}

export const PerDayType = builder.objectRef<PerDay>("IncidentsPerDay").implement({
  description: "How many incidents one day would have brought.",
  fields: (t) => ({
    day: t.exposeString("day", { description: "The day in UTC, e.g. `2026-11-24`." }),
    incidents: t.exposeInt("incidents", { description: "How many." }),
  }),
});

/** By the day of their first event, oldest first. */
export function incidentsPerDay(incidents: readonly IncidentPreview[]): PerDay[] {
  const counts = new Map<string, number>();
  for (const { firstEventAt } of incidents) {
    const day = firstEventAt.toISOString().slice(0, 10);
    counts.set(day, (counts.get(day) ?? 0) + 1);
  }
  return [...counts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([day, incidents]) => ({ day, incidents }));
}
