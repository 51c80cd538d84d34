/**
 * Detections into incidents: one open incident per fingerprint, however many matches arrive at once. Runs in the
 * transaction that stores the events. Incidents are locked in the order of their fingerprints, so two batches never
 * wait for each other.
 */
import { v7 as uuidv7 } from "uuid";
import type { Tx } from "../db.ts";
import type { DetectionDraft } from "../detect/detection.ts";
import { type Severity, severities } from "../ingest/event.ts";
import type { NewChange } from "../publish/change.ts";
import { cleared } from "./change.ts";
import { type Counted, countDetections } from "./count.ts";
import { addEntries, type NewEntry } from "./entry.ts";
import { gather, titleOf } from "./gather.ts";
import { raisedOfGraded } from "./graded.ts";
import { storeDetections } from "./store-detections.ts";
import { homesOf, type TakenIn, takeInSigns, takenInWords } from "./weak.ts";

export interface IncidentRow {
  id: string;
  fingerprint: string;
  severity: Severity;
  event_count: number;
  /** Opened by this batch, or opened again by it after it was resolved. */
  cameBy?: "OPENED" | "REOPENED";
}

/** Where the detections of a fingerprint belong, and to which incident they would if that had not been merged. */
export interface Place {
  incident: IncidentRow;
  homeId: string | null;
}

/** An incident with what this batch adds to it. */
interface Touched {
  before: IncidentRow;
  drafts: DetectionDraft[];
  takenIn: TakenIn[];
  /** The numbers of the incidents, since over, that its detections began in. */
  beganIn: readonly number[];
}

/**
 * Stores the detections and the incidents they open or join; returns what is to be announced. `weights`: what a detection
 * of each severity adds to the threat score of its incident, 0 to 100.
 */
export async function correlate(
  tx: Tx,
  drafts: readonly DetectionDraft[],
  now: number,
  weights: Readonly<Record<Severity, number>>,
): Promise<NewChange[]> {
  if (drafts.length === 0) return [];
  const homes = await homesOf(tx, drafts);
  const byFingerprint = gather(drafts, homes);
  const places = await openIncidents(tx, byFingerprint, now);
  const beginnings = await storeDetections(tx, drafts, { homes, places }, now);
  const opened = [...places].filter(([, { incident }]) => incident.cameBy !== undefined);
  const takenIn = await takeInSigns(
    tx,
    opened.map(([fingerprint, { incident }]) => ({
      incidentId: incident.id,
      lead: leadOf(fingerprint, byFingerprint),
    })),
    now,
  );
  const touched = new Map<string, Touched>();
  for (const [fingerprint, { incident }] of places) {
    const one = touched.get(incident.id) ?? {
      before: incident,
      drafts: [],
      takenIn: takenIn.filter(({ incidentId }) => incidentId === incident.id),
      beganIn: beginnings.get(incident.id) ?? [],
    };
    one.drafts.push(...(byFingerprint.get(fingerprint) ?? []));
    touched.set(incident.id, one);
  }
  const entries = touched.size > 0 ? await bringUpToDate(tx, [...touched.values()], now, weights) : [];
  await addEntries(tx, entries, now);
  return entries.map((entry) => ({ topic: "incident", kind: entry.kind, entityId: entry.incidentId }));
}

// A merged incident's fingerprint leads to where it lives on. One statement, so that all are locked in one order. Each
// fingerprint is looked up by itself (OFFSET 0): of a set, the planner reads all incidents of an organization that it has no
// statistics of, which is any in its first storm.
const select = `WITH RECURSIVE up AS (
    SELECT m.fingerprint, m.id AS home, m.merged_into_id AS id FROM unnest($2::text[]) AS w(fingerprint), LATERAL (
      SELECT fingerprint, id, merged_into_id FROM security_incidents
      WHERE organization_id = $1 AND fingerprint = w.fingerprint AND status_rank = 6 OFFSET 0) m
    UNION
    SELECT up.fingerprint, up.home, i.merged_into_id FROM up, LATERAL (
      SELECT merged_into_id FROM security_incidents WHERE organization_id = $1 AND id = up.id AND status_rank = 6 OFFSET 0) i
  ), place AS (
    SELECT w.fingerprint AS wanted, NULL::uuid AS home, o.id FROM unnest($2::text[]) AS w(fingerprint), LATERAL (
      SELECT id FROM security_incidents WHERE organization_id = $1 AND open_fingerprint = w.fingerprint OFFSET 0) o
    UNION ALL
    SELECT fingerprint, home, id FROM up
  )
  SELECT place.wanted, place.home, i.id, i.fingerprint, i.severity, i.event_count
  FROM place JOIN security_incidents i ON i.organization_id = $1 AND i.id = place.id
  WHERE i.open_fingerprint IS NOT NULL ORDER BY i.fingerprint, place.home NULLS FIRST FOR UPDATE OF i`;

/** Whose title and subjects an incident gets: the first that it is for, not one that joins it. */
function leadOf(fingerprint: string, byFingerprint: ReadonlyMap<string, readonly DetectionDraft[]>): DetectionDraft {
  const drafts = byFingerprint.get(fingerprint) as readonly DetectionDraft[];
  return (drafts.find((draft) => draft.fingerprint === fingerprint) ?? drafts[0]) as DetectionDraft;
}

async function openIncidents(
  tx: Tx,
  byFingerprint: Map<string, DetectionDraft[]>,
  now: number,
): Promise<Map<string, Place>> {
  const found = new Map<string, Place>();
  const byId = new Map<string, IncidentRow>();
  const wanted = [...byFingerprint.keys()].sort();
  const look = async (): Promise<string[]> => {
    const missing = wanted.filter((fingerprint) => !found.has(fingerprint));
    if (missing.length === 0) return [];
    const { rows } = await tx.query<IncidentRow & { wanted: string; home: string | null }>({
      name: "open_incidents",
      text: select,
      values: [tx.organizationId, missing],
    });
    for (const { wanted, home, ...row } of rows) {
      if (!byId.has(row.id)) byId.set(row.id, row);
      if (!found.has(wanted) || home === null) {
        found.set(wanted, { incident: byId.get(row.id) as IncidentRow, homeId: home });
      }
    }
    return missing.filter((fingerprint) => !found.has(fingerprint));
  };
  if ((await look()).length === 0) return found;
  // Opening is one at a time per organization: numbers have no gaps, and whoever waited here finds the incident open.
  await tx.query("SELECT pg_advisory_xact_lock(hashtextextended('vigil.open:' || $1, 0))", [tx.organizationId]);
  for (const incident of await reopen(tx, await look(), now)) {
    found.set(incident.fingerprint, { incident, homeId: null });
  }
  const missing = wanted.filter((fingerprint) => !found.has(fingerprint));
  if (missing.length === 0) return found;
  const { rows: numbers } = await tx.query<{ first: number }>(
    `UPDATE organizations SET next_incident_number = next_incident_number + $2
     WHERE id = $1 RETURNING next_incident_number - $2 AS first`,
    [tx.organizationId, missing.length],
  );
  const first = numbers[0]?.first;
  if (first === undefined) throw new Error("the organization is gone");
  const leads = missing.map((fingerprint) => leadOf(fingerprint, byFingerprint));
  const ids = leads.map(() => uuidv7({ msecs: now }));
  await tx.query({
    name: "insert_incidents",
    text: `INSERT INTO security_incidents (organization_id, id, number, title, severity, rule_id, fingerprint, threat_score, subjects, tags,
        detection_count, event_count, first_event_at, last_event_at, opened_at, created_at, updated_at)
      SELECT $1, id, number, title, severity, rule_id, fingerprint, 0, subjects, ARRAY(SELECT jsonb_array_elements_text(tags)),
        0, 0, $10, $10, $10, $10, $10
      FROM unnest($2::uuid[], $3::int[], $4::text[], $5::severity[], $6::uuid[], $7::text[], $8::jsonb[], $9::jsonb[])
        AS i(id, number, title, severity, rule_id, fingerprint, subjects, tags)`,
    values: [
      tx.organizationId,
      ids,
      leads.map((_, index) => first + index),
      leads.map((lead) => titleOf(lead)),
      leads.map((lead) => lead.severity),
      leads.map((lead) => lead.ruleId),
      missing,
      leads.map((lead) => JSON.stringify(lead.subjects)),
      leads.map((lead) => JSON.stringify(lead.tags)),
      new Date(now),
    ],
  });
  leads.forEach((lead, index) => {
    const id = ids[index] as string;
    const { fingerprint, severity } = lead;
    const incident: IncidentRow = { id, fingerprint, severity, event_count: 0, cameBy: "OPENED" };
    found.set(fingerprint, { incident, homeId: null });
  });
  return found;
}

/** Incidents that were resolved within the organization's grace, opened again: what goes on was not over. */
async function reopen(tx: Tx, fingerprints: readonly string[], now: number): Promise<IncidentRow[]> {
  if (fingerprints.length === 0) return [];
  const { rows } = await tx.query<IncidentRow>({
    name: "reopen_incidents",
    text: `UPDATE security_incidents i SET status = 'OPEN', revision = i.revision + 1, updated_at = $3, ${cleared}
      FROM (SELECT DISTINCT ON (fingerprint) id FROM security_incidents
        WHERE organization_id = $1 AND fingerprint = ANY ($2) AND status_rank = 4
          AND resolved_at > $3::timestamptz - (SELECT make_interval(secs => reopen_grace_s) FROM organizations WHERE id = $1)
        ORDER BY fingerprint, resolved_at DESC) latest
      WHERE i.organization_id = $1 AND i.id = latest.id AND i.status_rank = 4
      RETURNING i.id, i.fingerprint, i.severity, i.event_count`,
    values: [tx.organizationId, fingerprints, new Date(now)],
  });
  return rows.map((row) => ({ ...row, cameBy: "REOPENED" }));
}

/** Recounts the incidents from their detections, all in two statements; returns the timeline lines. */
async function bringUpToDate(
  tx: Tx,
  touched: readonly Touched[],
  now: number,
  weights: Readonly<Record<Severity, number>>,
): Promise<NewEntry[]> {
  const ids = touched.map(({ before }) => before.id);
  const counted = await countDetections(tx, ids, weights);
  const found = touched.map((one) => {
    const { before, drafts, takenIn } = one;
    return { ...one, severity: [before, ...drafts, ...takenIn].map((each) => each.severity).reduce(worse) };
  });
  const goOn = found.filter(({ before, severity }) => !before.cameBy && severity !== before.severity);
  const graded = await raisedOfGraded(
    tx,
    goOn.map(({ before }) => before.id),
    now,
  );
  const changes = found.flatMap((one) => {
    const { before } = one;
    const counts = counted.get(before.id);
    if (!counts) return [];
    const raised = graded.get(before.id);
    const severity = raised === undefined ? one.severity : worse(before.severity, raised ?? before.severity);
    return [{ ...one, counts, severity, raised: severity !== before.severity }];
  });
  await tx.query({
    name: "update_incidents",
    text: `UPDATE security_incidents i SET detection_count = d.detections, event_count = d.events, first_event_at = d.first,
        last_event_at = d.last, threat_score = d.score, severity = d.severity, revision = i.revision + d.raised, updated_at = $10
      FROM unnest($2::uuid[], $3::int[], $4::int[], $5::timestamptz[], $6::timestamptz[], $7::real[], $8::severity[], $9::int[])
        AS d(id, detections, events, first, last, score, severity, raised)
      WHERE i.organization_id = $1 AND i.id = d.id`,
    values: [
      tx.organizationId,
      changes.map(({ before }) => before.id),
      changes.map(({ counts }) => counts.detections),
      changes.map(({ counts }) => counts.events),
      changes.map(({ counts }) => counts.first),
      changes.map(({ counts }) => counts.last),
      changes.map(({ counts }) => counts.score),
      changes.map(({ severity }) => severity),
      changes.map(({ raised }) => (raised ? 1 : 0)),
      new Date(now),
    ],
  });
  return changes.flatMap(linesOf);
}

/** What the timeline is told of a change: only when there is something to say. */
function linesOf(change: Touched & { counts: Counted; severity: Severity; raised: boolean }): NewEntry[] {
  const { before, drafts, takenIn, beganIn, counts, severity, raised } = change;
  const line = { incidentId: before.id, actor: "vigil" };
  const entries: NewEntry[] = [];
  const began = beganIn.map((number) => `It began in incident #${number}, which keeps what it had.`);
  const told = [...drafts.map(({ explanation }) => explanation), ...takenIn.map(takenInWords), ...began].join(" ");
  if (before.cameBy === "OPENED") entries.push({ ...line, kind: "OPENED", message: told });
  if (before.cameBy === "REOPENED")
    entries.push({ ...line, kind: "REOPENED", message: `It goes on after it was resolved. ${told}` });
  if (raised)
    entries.push({
      ...line,
      kind: "SEVERITY_RAISED",
      message: `Severity raised from ${before.severity} to ${severity}.`,
    });
  const mark = markPassed(before.event_count, counts.events);
  if (mark !== undefined && before.cameBy !== "OPENED") {
    entries.push({
      ...line,
      kind: "COUNT_REACHED",
      message: `The incident has passed ${mark} events (${counts.events} now).`,
    });
  }
  return entries;
}

function worse(one: Severity, other: Severity): Severity {
  return severities.indexOf(one) >= severities.indexOf(other) ? one : other;
}

/** The highest power of ten (from 10 on) that the count has passed on its way from `before` to `after`. */
export function markPassed(before: number, after: number): number | undefined {
  const mark = 10 ** Math.floor(Math.log10(Math.max(after, 1)));
  return mark >= 10 && before < mark ? mark : undefined;
}
