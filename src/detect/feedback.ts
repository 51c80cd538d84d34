/**
 * What people teach by resolving an incident, or by judging a detection that is in none: FALSE_POSITIVE and USER_CONFIRMED
 * say that what happened is the user's own doing. Then the places, networks, devices and hours of its events are known for
 * their users, and its detections count no longer in anybody's threat score. Each can be undone, one entity at a time.
 */
import { v7 as uuidv7 } from "uuid";
import type { Tx } from "../db.ts";
import { VigilError } from "../errors.ts";
import type { SecurityEvent } from "../ingest/event.ts";
import { readClearEvents } from "../ingest/read.ts";
import { userOf } from "./behaviour/deeds.ts";
import { confirm, forget, type Known, known } from "./behaviour/facets/known.ts";
import type { EntityName } from "./risk/contribute.ts";
import { refreshRisk } from "./risk/refresh.ts";
import type { Crossing } from "./risk/settle.ts";
import { holdProfiles, holdTurn } from "./turn.ts";

const teaching = ["FALSE_POSITIVE", "USER_CONFIRMED"];

/** Whether resolving an incident so says that its users did nothing wrong. */
export function teaches(resolution: string): boolean {
  return teaching.includes(resolution);
}

/** What was judged. */
export type Lesson = { incidentId: string } | { detectionId: string };

/** What its detections taught about each entity, with what became of its score. */
export interface Taught extends EntityName {
  id: string;
  /** Null: of a detection in no incident. */
  incidentId: string | null;
  withdrawn: number;
  events: number;
}

/** With the thresholds that scores passed by it, upward, which the caller has to raise incidents for. */
export interface Learned {
  taught: Taught[];
  crossings: Crossing[];
}

const mostEvents = 200; // of an incident, the latest: what is learned of more is the same

/**
 * Teaches from a resolved incident, or a judged detection. The caller has called `holdTurn` before it locked either, as a
 * batch does. Nothing: the resolution teaches nothing, or it is about nobody. `about`: only of this user, who speaks for
 * nobody else; what the incident says of others stays.
 */
export async function teachFrom(
  tx: Tx,
  lesson: Lesson,
  input: { resolution: string; actor: string; now: number; about?: string | undefined },
): Promise<Learned> {
  const { resolution, actor, now, about } = input;
  if (!teaches(resolution)) return { taught: [], crossings: [] };
  const { incidentId, detectionId, detections } = partsOf(lesson);
  const of = incidentId ?? detectionId;
  const events = await eventsOf(tx, detections, of);
  const byUser = new Map<string, SecurityEvent[]>();
  let others = false;
  for (const event of events) {
    const user = userOf(event);
    if (user !== undefined && about !== undefined && user !== about) others = true;
    else if (user !== undefined) byUser.set(user, [...(byUser.get(user) ?? []), event]);
  }
  const withdrawn = await withdraw(tx, { detections, of, only: others ? about : undefined, now });
  const entities = new Map(withdrawn.map(({ kind, key, count }) => [`${kind} ${key}`, { kind, key, count }]));
  for (const key of byUser.keys()) {
    if (!entities.has(`USER ${key}`)) entities.set(`USER ${key}`, { kind: "USER", key, count: 0 });
  }
  const taught: Taught[] = [];
  for (const { kind, key, count } of entities.values()) {
    const own = kind === "USER" ? (byUser.get(key) ?? []) : [];
    const stored = own.length > 0 && (await changeKnown(tx, key, confirm, own));
    if (!stored && count === 0) continue;
    const events = stored ? own : [];
    const id = uuidv7({ msecs: now });
    await tx.query(
      `INSERT INTO feedback (organization_id, id, incident_id, entity_kind, entity_key, resolution, taught, event_ids, withdrawn, by, at,
         detection_id)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
      [
        tx.organizationId,
        id,
        incidentId,
        kind,
        key,
        resolution,
        toldOf(events),
        events.map((one) => one.id),
        count,
        actor,
        new Date(now),
        detectionId,
      ],
    );
    await tx.query(
      `UPDATE risk_contributions SET feedback_id = $2 WHERE organization_id = $1 AND entity_kind = $3 AND entity_key = $4
         AND withdrawn_at = $5 AND detection_id IN (${detections} $6)`,
      [tx.organizationId, id, kind, key, new Date(now), of],
    );
    taught.push({ id, incidentId, kind, key, withdrawn: count, events: events.length });
  }
  return { taught, crossings: await refreshRisk(tx, taught, now) };
}

/** Takes one piece of feedback back: what it taught is unknown again, what it withdrew counts again. Errors: NOT_FOUND, CONFLICT. */
export async function undoFeedback(tx: Tx, input: { id: string; actor: string; now: number }): Promise<Learned> {
  const { id, actor, now } = input;
  await holdTurn(tx);
  const { rows } = await tx.query<{
    incident_id: string | null;
    kind: string;
    key: string;
    event_ids: string[];
    undone_at: Date | null;
  }>(
    `SELECT incident_id, entity_kind AS kind, entity_key AS key, event_ids, undone_at FROM feedback
     WHERE organization_id = $1 AND id = $2 FOR UPDATE`,
    [tx.organizationId, id],
  );
  const [row] = rows;
  if (!row) throw new VigilError("NOT_FOUND", "There is no such feedback.", { path: ["id"] });
  if (row.undone_at) throw new VigilError("CONFLICT", "This feedback was undone before.", { path: ["id"] });
  const { incident_id: incidentId, kind, key, event_ids } = row;
  const events = event_ids.length > 0 ? await readClearEvents(tx, event_ids) : [];
  if (events.length > 0) await changeKnown(tx, key, forget, events);
  await tx.query("UPDATE feedback SET undone_at = $3, undone_by = $4 WHERE organization_id = $1 AND id = $2", [
    tx.organizationId,
    id,
    new Date(now),
    actor,
  ]);
  const { rowCount } = await tx.query(
    `UPDATE risk_contributions SET withdrawn_at = NULL, feedback_id = NULL
     WHERE organization_id = $1 AND feedback_id = $2 AND withdrawn_at IS NOT NULL`,
    [tx.organizationId, id],
  );
  const crossings = await refreshRisk(tx, [row], now);
  return { taught: [{ id, incidentId, kind, key, withdrawn: rowCount ?? 0, events: events.length }], crossings };
}

/**
 * All that is not undone of these incidents or detections, for who reopens them or takes the judgement back. The caller
 * has called `holdTurn` before it locked them.
 */
export async function undoFeedbackOf(
  tx: Tx,
  of: { incidentIds: readonly string[] } | { detectionIds: readonly string[] },
  { actor, now }: { actor: string; now: number },
): Promise<Learned> {
  const [column, ids] = "incidentIds" in of ? ["incident_id", of.incidentIds] : ["detection_id", of.detectionIds];
  const { rows } = await tx.query<{ id: string }>(
    `SELECT id FROM feedback WHERE organization_id = $1 AND ${column} = ANY ($2) AND undone_at IS NULL ORDER BY id`,
    [tx.organizationId, ids],
  );
  const undone: Learned = { taught: [], crossings: [] };
  for (const { id } of rows) {
    const { taught, crossings } = await undoFeedback(tx, { id, actor, now });
    undone.taught.push(...taught);
    undone.crossings.push(...crossings);
  }
  return undone;
}

/** The beginning of a statement that finds the lesson's detections, which the placeholder of its id ends. */
function partsOf(lesson: Lesson): { incidentId: string | null; detectionId: string | null; detections: string } {
  const ofOrganization = "SELECT id FROM detections WHERE organization_id = $1 AND";
  return "incidentId" in lesson
    ? { incidentId: lesson.incidentId, detectionId: null, detections: `${ofOrganization} incident_id =` }
    : { incidentId: null, detectionId: lesson.detectionId, detections: `${ofOrganization} id =` };
}

async function eventsOf(tx: Tx, detections: string, of: string | null): Promise<SecurityEvent[]> {
  const { rows } = await tx.query<{ id: string }>(
    `SELECT DISTINCT unnest(event_ids) AS id FROM detections WHERE organization_id = $1 AND id IN (${detections} $2)
     ORDER BY 1 DESC LIMIT ${mostEvents}`,
    [tx.organizationId, of],
  );
  return rows.length > 0
    ? readClearEvents(
        tx,
        rows.map(({ id }) => id),
      )
    : [];
}

/** The contributions of the detections count no longer (`only`: those to this user); how many of each entity. */
async function withdraw(
  tx: Tx,
  { detections, of, only, now }: { detections: string; of: string | null; only: string | undefined; now: number },
): Promise<(EntityName & { count: number })[]> {
  const { rows } = await tx.query<EntityName & { count: number }>(
    `WITH gone AS (
       UPDATE risk_contributions SET withdrawn_at = $3 WHERE organization_id = $1 AND withdrawn_at IS NULL
         AND ($4::text IS NULL OR (entity_kind = 'USER' AND entity_key = $4))
         AND detection_id IN (${detections} $2)
       RETURNING entity_kind, entity_key)
     SELECT entity_kind AS kind, entity_key AS key, count(*)::int AS count FROM gone GROUP BY 1, 2 ORDER BY 1, 2`,
    [tx.organizationId, of, new Date(now), only ?? null],
  );
  return rows;
}

/** Changes what is confirmed of a user, in its profile; whether the user has one. */
async function changeKnown(
  tx: Tx,
  key: string,
  change: typeof confirm,
  events: readonly SecurityEvent[],
): Promise<boolean> {
  const { rows } = await tx.query<{ state: Known | null }>(
    `SELECT coalesce(learned, profile::json) -> $3 AS state FROM entities WHERE organization_id = $1 AND kind = 'USER' AND key = $2 FOR UPDATE`,
    [tx.organizationId, key, known.name],
  );
  const [row] = rows;
  if (!row) return false;
  const state = row.state ?? known.empty();
  for (const event of events) change(state, event);
  await tx.query(
    `UPDATE entities SET learned = jsonb_set(coalesce(learned::jsonb, profile), ARRAY[$3::text], $4::jsonb)
     WHERE organization_id = $1 AND kind = 'USER' AND key = $2`,
    [tx.organizationId, key, known.name, JSON.stringify(state)],
  );
  await holdProfiles(tx);
  return true;
}

/** What is known since then, in words. */
function toldOf(events: readonly SecurityEvent[]): string[] {
  const state = known.empty();
  for (const event of events) confirm(state, event);
  const lines = {
    countries: [...new Set(state.countries)],
    networks: [...new Set(state.networks)],
    devices: [...new Set(state.devices)],
    hours: [...new Set(state.hours.map((at) => `${new Date(at).toISOString().slice(0, 13)}:00 UTC`))],
  };
  return Object.entries(lines).flatMap(([what, values]) =>
    values.length > 0 ? [`${what}: ${values.join(", ")}`] : [],
  );
}
