/** The moves of an incident's life, as people make them. */
import type { Tx } from "../db.ts";
import { VigilError } from "../errors.ts";
import { sealWords, type WordsVault } from "../secrets/words.ts";
import {
  allowed,
  applyChange,
  type Changed,
  type ChangeInput,
  digestOf,
  lockIncident,
  move,
  readReason,
} from "./move.ts";
import { type IncidentResolution, reopenBoundMs, spoken } from "./state.ts";

const seen = "acknowledged_at = coalesce(acknowledged_at, $3), acknowledged_by = coalesce(acknowledged_by, $4)";

/** OPEN -> ACKNOWLEDGED; `how` ends the sentence of the timeline. Errors: NOT_FOUND, CONFLICT. */
export function acknowledgeIncident(tx: Tx, input: ChangeInput & { how?: string | undefined }): Promise<Changed> {
  return move(tx, input, "ACKNOWLEDGE", `${input.actor} acknowledged the incident${input.how ?? ""}.`, {
    columns: seen,
    values: [input.actor],
  });
}

/** -> INVESTIGATING; who investigates has seen it too. Errors: NOT_FOUND, CONFLICT. */
export function investigateIncident(tx: Tx, input: ChangeInput): Promise<Changed> {
  return move(tx, input, "INVESTIGATE", `${input.actor} is investigating.`, { columns: seen, values: [input.actor] });
}

/** -> CONTAINED: it does no further harm. Errors: NOT_FOUND, CONFLICT, BAD_USER_INPUT. */
export async function containIncident(
  tx: Tx,
  vault: WordsVault,
  input: ChangeInput & { reason: string },
): Promise<Changed> {
  const reason = readReason(input.reason, "Containment");
  const moved = await move(tx, input, "CONTAIN", `${input.actor} says that it is contained`, {
    columns: `${seen}, contained_at = coalesce(contained_at, $3), contained_by = coalesce(contained_by, $4)`,
    values: [input.actor],
    words: reason,
    vault,
  });
  return { ...moved, wordsDigest: await digestOf(tx, vault, reason) };
}

/** Any open status -> RESOLVED. Errors: NOT_FOUND, CONFLICT, BAD_USER_INPUT (no reason). The reason is sealed. */
export async function resolveIncident(
  tx: Tx,
  vault: WordsVault,
  input: ChangeInput & { resolution: IncidentResolution; reason: string },
): Promise<Changed> {
  const reason = readReason(input.reason, "A resolution");
  const { sealed, digest } = await sealWords(tx, vault, { kind: "resolution", rowId: input.id, text: reason });
  const moved = await move(
    tx,
    input,
    "RESOLVE",
    `${input.actor} resolved the incident as ${spoken(input.resolution)}`,
    {
      columns: `${seen}, resolved_at = $3, resolved_by = $4, resolution = $5::incident_resolution, resolution_reason = NULL,
      sealed_reason = $6`,
      values: [input.actor, input.resolution, sealed],
      words: reason,
      vault,
    },
  );
  return { ...moved, wordsDigest: digest };
}

/** RESOLVED -> CLOSED: the work on it is over, reviews and all. Errors: NOT_FOUND, CONFLICT. */
export function closeIncident(tx: Tx, input: ChangeInput): Promise<Changed> {
  return move(tx, input, "CLOSE", `${input.actor} closed the incident.`, {
    columns: "closed_at = $3, closed_by = $4",
    values: [input.actor],
  });
}

/**
 * RESOLVED or CLOSED -> OPEN, within 30 days of its resolution and while no other incident of its fingerprint is open.
 * Errors: NOT_FOUND, CONFLICT, BAD_USER_INPUT.
 */
export async function reopenIncident(
  tx: Tx,
  vault: WordsVault,
  input: ChangeInput & { reason: string },
): Promise<Changed> {
  const reason = readReason(input.reason, "Reopening");
  const current = await lockIncident(tx, input);
  await tx.query("SELECT pg_advisory_xact_lock(hashtextextended('vigil.open:' || $1, 0))", [tx.organizationId]);
  const to = allowed(current, "REOPEN");
  const refuse = (message: string): never => {
    throw new VigilError("CONFLICT", message, {
      path: ["id"],
      detail: { revision: current.revision, status: current.status },
    });
  };
  if (current.resolved_at && input.now - current.resolved_at.getTime() > reopenBoundMs) {
    refuse(`Incident #${current.number} was resolved more than 30 days ago; create a new incident that names it.`);
  }
  const { rows } = await tx.query<{ number: number }>(
    "SELECT number FROM security_incidents WHERE organization_id = $1 AND open_fingerprint = $2",
    [tx.organizationId, current.fingerprint],
  );
  if (rows[0]) refuse(`Incident #${rows[0].number} of the same kind is open: merge into that one instead.`);
  const changed = await applyChange(
    tx,
    input,
    { columns: `status = '${to}', ${cleared}` },
    { kind: "REOPENED", message: `${input.actor} reopened the incident`, words: reason },
    vault,
  );
  return { ...changed, wordsDigest: await digestOf(tx, vault, reason) };
}

/** What an incident that is open again has not had: its clocks to contain and to resolve run anew from `reopened_at`. */
export const cleared = `reopened_at = $3, resolved_at = NULL, resolved_by = NULL, resolution = NULL, resolution_reason = NULL,
  sealed_reason = NULL, contained_at = NULL, contained_by = NULL, closed_at = NULL, closed_by = NULL,
  breached_clocks = array_remove(array_remove(breached_clocks, 'CONTAIN'), 'RESOLVE')`;
