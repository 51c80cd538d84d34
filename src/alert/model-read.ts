/** Reads the model of a message: the alerts it stands for, their incidents and what was done. */
import type { Tx } from "../db.ts";
import { VigilError } from "../errors.ts";
import type { AlertKind, AlertPriority, ChannelKind } from "../generated/prisma/client.ts";
import { severities } from "../ingest/event.ts";
import { todoOf } from "./advice.ts";
import type { Scope } from "./model.ts";
import { aboutWords, doneWords } from "./model-done.ts";
import { whyWords } from "./why.ts";

const mostShown = 20; // incidents of one message that are told one by one

export interface AlertFacts {
  kind: AlertKind;
  priority: AlertPriority;
  incidentId: string | null;
  recipient: string;
  channelKind: ChannelKind;
  coveredByBaa: boolean;
  templateName: string | null;
  locale: string;
  organization: string;
  timeZone: string;
  alerts: number;
  step: number | null;
  at: Date;
  /** How many of the alerts are notifications. */
  notes: number;
}

interface Row {
  id: string;
  number: number;
  title: string;
  severity: string;
  status: string;
  tags: string[];
  threat_score: number;
  subjects: { kind: string; key: string }[];
  detection_count: number;
  event_count: number;
  first_event_at: Date;
  last_event_at: Date;
  fingerprint: string;
  rule: string | null;
  explanation: string | null;
  actions: { type: string; status: string; target: string }[];
}

/** The most pressing of the alerts, and whom they go to. Errors: NOT_FOUND. */
export async function readFacts(tx: Tx, alertIds: readonly string[]): Promise<AlertFacts> {
  const { rows } = await tx.query<AlertFacts>({
    name: "alert_facts",
    text: `SELECT a.kind, a.priority, a.incident_id AS "incidentId", a.recipient, c.kind AS "channelKind",
        c.covered_by_baa AS "coveredByBaa", t.name AS "templateName", coalesce(u.locale, 'en') AS locale,
        o.name AS organization, coalesce(u.time_zone, o.time_zone) AS "timeZone", a.step, a.created_at AS at,
        (count(*) OVER ())::int AS alerts, (count(a.notification_id) OVER ())::int AS notes
      FROM security_alerts a
      JOIN alert_channels c ON c.organization_id = $1 AND c.id = a.channel_id
      JOIN organizations o ON o.id = $1
      LEFT JOIN users u ON u.organization_id = $1 AND u.id = a.user_id
      LEFT JOIN alert_route_channels r ON r.organization_id = $1 AND r.route_id = a.route_id AND r.channel_id = a.channel_id
      LEFT JOIN alert_templates t ON t.organization_id = $1 AND t.id = r.template_id
      WHERE a.organization_id = $1 AND a.id = ANY ($2)
      ORDER BY a.priority DESC, a.created_at DESC, a.id DESC LIMIT 1`,
    values: [tx.organizationId, alertIds],
  });
  const [facts] = rows;
  if (!facts) throw new VigilError("NOT_FOUND", "There is no such alert.", { path: ["id"] });
  return facts;
}

export interface Read {
  /** Everything: what the channel may not carry is still in it. */
  model: Scope;
  /** The number of the most severe incident; null: the message is about none. */
  number: number | null;
  incidentIds: string[];
}

/** `publicUrl` has no slash at its end; undefined: this server has no public address. */
export async function readModel(
  tx: Tx,
  facts: Pick<AlertFacts, "kind" | "priority" | "organization" | "timeZone" | "alerts" | "step">,
  {
    incidentsOf,
    acknowledgeUrl,
    publicUrl,
  }: { incidentsOf: Ids; acknowledgeUrl: string | null; publicUrl: string | undefined },
): Promise<Read> {
  const { rows: counted } = await tx.query<{ severity: string; incidents: number }>({
    name: "alert_model_counts",
    text: `SELECT severity, count(*)::int AS incidents FROM security_incidents
      WHERE organization_id = $1 AND id IN (${idsOf(incidentsOf)}) GROUP BY severity`,
    values: [tx.organizationId, idsIn(incidentsOf)],
  });
  const { rows } = await tx.query<Row>({
    name: `alert_model_${"alertIds" in incidentsOf ? "alerts" : "incident"}`,
    text: `SELECT i.id, i.number, i.title, i.severity, i.status, i.tags, i.threat_score, i.subjects, i.detection_count,
        i.event_count, i.first_event_at, i.last_event_at, i.fingerprint, r.name AS rule,
        (SELECT d.explanation FROM detections d WHERE d.organization_id = $1 AND d.incident_id = i.id
           ORDER BY d.created_at DESC, d.id DESC LIMIT 1) AS explanation,
        coalesce((SELECT jsonb_agg(jsonb_build_object('type', a.type, 'status', a.status, 'target', a.target) ORDER BY a.created_at, a.id)
           FROM (SELECT * FROM incident_actions a WHERE a.organization_id = $1 AND a.incident_id = i.id
             ORDER BY created_at DESC, id DESC LIMIT 50) a), '[]') AS actions
      FROM security_incidents i LEFT JOIN alert_rules r ON r.organization_id = $1 AND r.id = i.rule_id
      WHERE i.organization_id = $1 AND i.id IN (${idsOf(incidentsOf)})
      ORDER BY i.severity_rank DESC, i.opened_at DESC, i.id LIMIT ${mostShown}`,
    values: [tx.organizationId, idsIn(incidentsOf)],
  });
  const count = (...wanted: string[]): number =>
    counted.reduce((sum, { severity, incidents }) => (wanted.includes(severity) ? sum + incidents : sum), 0);
  const total = count(...severities);
  const incidents = rows.map((row) => incidentOf(row, { timeZone: facts.timeZone, publicUrl }));
  const model: Scope = {
    organization: { name: facts.organization },
    alert: {
      kind: facts.kind,
      priority: facts.priority,
      why: whyWords(facts.kind, facts.step),
      acknowledgeUrl: acknowledgeUrl ?? "",
    },
    counts: {
      alerts: facts.alerts,
      incidents: total,
      critical: count("CRITICAL"),
      high: count("HIGH"),
      others: total - count("CRITICAL", "HIGH"),
      notShown: total - rows.length,
    },
    incident: incidents[0] ?? null,
    incidents,
  };
  return { model, number: rows[0]?.number ?? null, incidentIds: rows.map(({ id }) => id) };
}

type Ids = { alertIds: readonly string[] } | { incidentId: string };

function idsOf(ids: Ids): string {
  return "alertIds" in ids
    ? "SELECT incident_id FROM security_alerts WHERE organization_id = $1 AND id = ANY ($2::uuid[])"
    : "$2::uuid";
}

const idsIn = (ids: Ids): unknown => ("alertIds" in ids ? ids.alertIds : ids.incidentId);

function incidentOf(row: Row, { timeZone, publicUrl }: { timeZone: string; publicUrl: string | undefined }): Scope {
  const { number, title, severity, status, tags, subjects, actions, event_count: events, detection_count: found } = row;
  const moment = momentIn(timeZone);
  const own = row.fingerprint.startsWith("vigil:") ? title : "Reported by a person";
  return {
    number,
    name: row.rule ?? own,
    title,
    severity,
    status,
    tags,
    threatScore: Math.round(row.threat_score),
    happened: `${plural(events, "event")} in ${plural(found, "detection")}, ${moment(row.first_event_at)} to ${moment(row.last_event_at)}.`,
    explanation: row.explanation ?? "",
    about: aboutWords(subjects),
    subjects,
    eventCount: events,
    detectionCount: found,
    firstEventAt: moment(row.first_event_at),
    lastEventAt: moment(row.last_event_at),
    done: doneWords(actions),
    actions,
    todo: todoOf(tags),
    url: publicUrl === undefined ? "" : `${publicUrl}/incidents/${number}`,
  };
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** By time zone: the runtime takes milliseconds to make one, for every message anew. There are as many as zones in use. */
const moments = new Map<string, (at: Date) => string>();

/** "2026-11-24 09:14 UTC", as clocks in the zone show it. */
export function momentIn(timeZone: string): (at: Date) => string {
  const known = moments.get(timeZone);
  if (known) return known;
  const format = new Intl.DateTimeFormat("sv-SE", {
    timeZone,
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
  });
  const zone = new Intl.DateTimeFormat("en-US", { timeZone, timeZoneName: "short" });
  const named = (at: Date): string =>
    zone.formatToParts(at).find(({ type }) => type === "timeZoneName")?.value ?? timeZone;
  const moment = (at: Date): string => `${format.format(at)} ${named(at)}`;
  moments.set(timeZone, moment);
  return moment;
}
