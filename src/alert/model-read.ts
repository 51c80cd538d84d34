/** Reads the models of messages: their incidents and what was done. */
import type { Tx } from "../db.ts";
import { todoOf } from "./advice.ts";
import { mostTogether } from "./deliver-plan.ts";
import type { AlertFacts } from "./facts.ts";
import type { Scope } from "./model.ts";
import { aboutWords, doneWords } from "./model-done.ts";
import { whyWords } from "./why.ts";

/** Incidents of one message that are told one by one: all, so that nobody hides one behind others that they bring about. */
const mostShown = mostTogether;

interface Row {
  /** Which message. */
  n: number;
  /** Of the message, with those that are not shown. */
  incidents: number;
  critical: number;
  high: number;
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

export interface Read {
  /** Everything: what the channel may not carry is still in it. */
  model: Scope;
  /** The number of the most severe incident; null: the message is about none. */
  number: number | null;
}

export interface About extends Pick<AlertFacts, "kind" | "priority" | "organization" | "timeZone" | "alerts" | "step"> {
  incidentIds: readonly string[];
  acknowledgeUrl: string | null;
}

/** The model of each message, in order, by one query. `publicUrl` has no slash at its end; undefined: this server has no public address. */
export async function readModels(tx: Tx, messages: readonly About[], publicUrl: string | undefined): Promise<Read[]> {
  const pairs = messages.flatMap(({ incidentIds }, n) => incidentIds.map((id) => [n, id] as const));
  const rowsOf: Row[][] = messages.map(() => []);
  if (pairs.length > 0) {
    const { rows } = await tx.query<Row>({
      name: "alert_models",
      text: `WITH ranked AS MATERIALIZED (
          SELECT m.n, i.id, row_number() OVER (PARTITION BY m.n ORDER BY i.severity_rank DESC, i.opened_at DESC, i.id) AS place,
            (count(*) OVER whole)::int AS incidents, (count(*) FILTER (WHERE i.severity = 'CRITICAL') OVER whole)::int AS critical,
            (count(*) FILTER (WHERE i.severity = 'HIGH') OVER whole)::int AS high
          FROM unnest($2::int[], $3::uuid[]) AS m(n, id)
          JOIN security_incidents i ON i.organization_id = $1 AND i.id = m.id WINDOW whole AS (PARTITION BY m.n))
        SELECT k.n, k.incidents, k.critical, k.high, i.number, i.title, i.severity, i.status, i.tags, i.threat_score, i.subjects,
          i.detection_count, i.event_count, i.first_event_at, i.last_event_at, i.fingerprint, r.name AS rule,
          (SELECT d.explanation FROM detections d WHERE d.organization_id = $1 AND d.incident_id = i.id
             ORDER BY d.created_at DESC, d.id DESC LIMIT 1) AS explanation,
          coalesce((SELECT jsonb_agg(jsonb_build_object('type', a.type, 'status', a.status, 'target', a.target) ORDER BY a.created_at, a.id)
             FROM (SELECT * FROM incident_actions a WHERE a.organization_id = $1 AND a.incident_id = i.id
               ORDER BY created_at DESC, id DESC LIMIT 50) a), '[]') AS actions
        FROM ranked k JOIN security_incidents i ON i.organization_id = $1 AND i.id = k.id
        LEFT JOIN alert_rules r ON r.organization_id = $1 AND r.id = i.rule_id
        WHERE k.place <= ${mostShown} ORDER BY k.n, k.place`,
      values: [tx.organizationId, pairs.map(([n]) => n), pairs.map(([, id]) => id)],
    });
    for (const row of rows) rowsOf[row.n]?.push(row);
  }
  return messages.map((about, n) => modelOf(about, rowsOf[n] ?? [], publicUrl));
}

function modelOf(about: About, rows: readonly Row[], publicUrl: string | undefined): Read {
  const { incidents: total, critical, high } = rows[0] ?? { incidents: 0, critical: 0, high: 0 };
  const incidents = rows.map((row) => incidentOf(row, { timeZone: about.timeZone, publicUrl }));
  const model: Scope = {
    organization: { name: about.organization },
    alert: {
      kind: about.kind,
      priority: about.priority,
      why: whyWords(about.kind, about.step),
      acknowledgeUrl: about.acknowledgeUrl ?? "",
    },
    counts: {
      alerts: about.alerts,
      incidents: total,
      critical,
      high,
      others: total - critical - high,
      notShown: total - rows.length,
    },
    incident: incidents[0] ?? null,
    incidents,
  };
  return { model, number: rows[0]?.number ?? null };
}

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
