/**
 * Two incidents that are one: the detections of one move to the other, and so do those that come later for its
 * fingerprint. It can be undone: a detection remembers where it came from.
 */
import type { Tx } from "../db.ts";
import { VigilError } from "../errors.ts";
import { severities } from "../ingest/event.ts";
import type { WordsVault } from "../secrets/words.ts";
import { rescore, type Weights } from "./count.ts";
import { allowed, applyChange, type Changed, type ChangeInput, digestOf, lockIncident, readReason } from "./move.ts";
import { isOpen } from "./state.ts";

/** `id` and all that was merged into it, at whatever remove. */
const family = `WITH RECURSIVE family AS (
    SELECT $2::uuid AS id
    UNION
    SELECT i.id FROM security_incidents i JOIN family f ON i.merged_into_id = f.id WHERE i.organization_id = $1
  )`;

/** `id` lives on in `intoId`. Errors: NOT_FOUND, CONFLICT, BAD_USER_INPUT. The cursor is that of the later change. */
export async function mergeIncident(
  tx: Tx,
  vault: WordsVault,
  input: ChangeInput & { intoId: string; reason: string; weights: Weights },
): Promise<Changed> {
  const { id, intoId, actor, now } = input;
  const reason = readReason(input.reason, "A merge");
  if (id === intoId) {
    throw new VigilError("BAD_USER_INPUT", "An incident cannot be merged into itself.", { path: ["input", "intoId"] });
  }
  // In the order in which a batch locks, so that neither waits for the other.
  await tx.query(
    "SELECT FROM security_incidents WHERE organization_id = $1 AND id = ANY ($2) ORDER BY fingerprint, id FOR UPDATE",
    [tx.organizationId, [id, intoId]],
  );
  const source = await lockIncident(tx, input);
  const target = await lockIncident(tx, { id: intoId }, ["input", "intoId"]);
  const to = allowed(source, "MERGE");
  if (!isOpen(target.status)) {
    const message = `Incident #${target.number} is ${target.status}: only an open one can take another in.`;
    throw new VigilError("CONFLICT", message, {
      path: ["input", "intoId"],
      detail: { revision: target.revision, status: target.status },
    });
  }
  await tx.query(
    `UPDATE detections SET incident_id = $3, home_incident_id = coalesce(home_incident_id, incident_id), updated_at = $4
     WHERE organization_id = $1 AND incident_id = $2`,
    [tx.organizationId, id, intoId, new Date(now)],
  );
  const line = { kind: "MERGED", words: reason } as const;
  await applyChange(
    tx,
    input,
    {
      columns: `status = '${to}', merged_into_id = $4, merged_from_status = $5::incident_status`,
      values: [intoId, source.status],
    },
    { ...line, message: `${actor} merged this incident into #${target.number}` },
    vault,
  );
  const into = { id: intoId, actor, now };
  // Told as any rise is: whoever was called for the other one is called no longer.
  if (severities.indexOf(source.severity) > severities.indexOf(target.severity)) {
    const message = `Severity raised from ${target.severity} to ${source.severity}: #${source.number} is a part of it.`;
    const set = { columns: "severity = $4::severity", values: [source.severity] };
    await applyChange(tx, into, set, { kind: "SEVERITY_RAISED", message });
  }
  const message = `${actor} merged incident #${source.number} into this one`;
  const changed = await applyChange(tx, into, { columns: "" }, { ...line, message }, vault);
  await recount(tx, [id, intoId], input.weights);
  return { ...changed, wordsDigest: await digestOf(tx, vault, reason) };
}

/** Takes a merged incident out again, with the detections that were its own until it was over. Errors: NOT_FOUND, CONFLICT. */
export async function unmergeIncident(tx: Tx, input: ChangeInput & { weights: Weights }): Promise<Changed> {
  const { id, actor, now } = input;
  // With all that it has moved on to since, in the order in which a batch locks.
  await tx.query(
    `WITH RECURSIVE chain AS (
       SELECT $2::uuid AS id
       UNION
       SELECT i.merged_into_id FROM security_incidents i JOIN chain c ON i.id = c.id
       WHERE i.organization_id = $1 AND i.merged_into_id IS NOT NULL
     ) SELECT FROM security_incidents i WHERE i.organization_id = $1 AND i.id IN (SELECT id FROM chain)
     ORDER BY i.fingerprint, i.id FOR UPDATE`,
    [tx.organizationId, id],
  );
  await tx.query("SELECT pg_advisory_xact_lock(hashtextextended('vigil.open:' || $1, 0))", [tx.organizationId]);
  const source = await lockIncident(tx, input);
  const state = { revision: source.revision, status: source.status };
  const refuse = (message: string): never => {
    throw new VigilError("CONFLICT", message, { path: ["id"], detail: state });
  };
  const back = source.merged_from_status;
  const intoId = source.merged_into_id;
  if (source.status !== "MERGED" || !intoId || !back) {
    return refuse(`Incident #${source.number} is ${source.status}: it was not merged.`);
  }
  if (isOpen(back)) {
    const { rows: open } = await tx.query<{ number: number }>(
      "SELECT number FROM security_incidents WHERE organization_id = $1 AND open_fingerprint = $2",
      [tx.organizationId, source.fingerprint],
    );
    if (open[0]) refuse(`Incident #${open[0].number} of the same kind is open: merge that one first.`);
  }
  const target = await lockIncident(tx, { id: intoId });
  // Where the target was merged as well, its detections are there.
  let living = target;
  while (living.merged_into_id) living = await lockIncident(tx, { id: living.merged_into_id });
  // What came after it was over stays where people see it: nobody looks at what is resolved.
  await tx.query(
    `${family} UPDATE detections SET updated_at = $3,
       incident_id = CASE WHEN created_at > $4 THEN incident_id ELSE $2 END,
       home_incident_id = CASE WHEN created_at > $4 THEN nullif($5, incident_id) ELSE nullif(home_incident_id, $2) END
     WHERE organization_id = $1 AND home_incident_id IN (SELECT id FROM family)`,
    [tx.organizationId, id, new Date(now), isOpen(back) ? null : source.resolved_at, intoId],
  );
  const left = new Set([intoId, living.id]);
  for (const from of left) {
    await applyChange(
      tx,
      { id: from, actor, now },
      { columns: "" },
      { kind: "UNMERGED", message: `${actor} took incident #${source.number} out of this one.` },
    );
  }
  const changed = await applyChange(
    tx,
    input,
    { columns: "status = $4::incident_status, merged_into_id = NULL, merged_from_status = NULL", values: [back] },
    { kind: "UNMERGED", message: `${actor} took this incident out of #${target.number}.` },
  );
  await recount(tx, [id, ...left], input.weights);
  return changed;
}

/** Counts, times and threat scores of incidents as their detections have them. What has none keeps its times and score. */
async function recount(tx: Tx, ids: readonly string[], weights: Weights): Promise<void> {
  await tx.query(
    `UPDATE security_incidents i SET detection_count = d.detections, event_count = d.events,
       first_event_at = coalesce(d.first, i.first_event_at), last_event_at = coalesce(d.last, i.last_event_at)
     FROM (SELECT wanted.id, count(d.id)::int AS detections, coalesce(sum(d.event_count), 0)::int AS events,
         min(d.first_event_at) AS first, max(d.last_event_at) AS last
       FROM unnest($2::uuid[]) AS wanted(id)
       LEFT JOIN detections d ON d.organization_id = $1 AND d.incident_id = wanted.id GROUP BY wanted.id) d
     WHERE i.organization_id = $1 AND i.id = d.id`,
    [tx.organizationId, ids],
  );
  await rescore(tx, ids, weights);
}
