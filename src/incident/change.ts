/** What people do to an incident: each move judged by the table, guarded by the revision, written down, announced. */
import type { Tx } from "../db.ts";
import { VigilError } from "../errors.ts";
import { recordChanges } from "../publish/change.ts";
import { sealWords, type WordsVault } from "../secrets/words.ts";
import { addEntries, type EntryKind } from "./entry.ts";
import { type IncidentMove, type IncidentResolution, type IncidentStatus, judgeMove } from "./state.ts";

interface MoveInput {
  id: string;
  /** Who: an e-mail address or a key's name. */
  actor: string;
  now: number;
  /** The revision the caller has seen; a newer one is a CONFLICT. */
  expectedRevision?: number | undefined;
}

/** OPEN -> ACKNOWLEDGED. Errors: NOT_FOUND, CONFLICT. Returns the change's cursor. */
export function acknowledgeIncident(tx: Tx, input: MoveInput): Promise<{ cursor: string }> {
  return move(tx, input, "ACKNOWLEDGE", `${input.actor} acknowledged the incident.`, {
    columns: "acknowledged_at = $3, acknowledged_by = $4",
    values: [input.actor],
  });
}

/** Any open status -> RESOLVED. Errors: NOT_FOUND, CONFLICT, BAD_USER_INPUT (no reason). Returns the change's cursor. The reason is sealed; its digest is for the audit log. */
export async function resolveIncident(
  tx: Tx,
  vault: WordsVault,
  input: MoveInput & { resolution: IncidentResolution; reason: string },
): Promise<{ cursor: string; reasonDigest: string }> {
  const reason = input.reason.trim();
  if (reason === "" || reason.length > 2_000) {
    throw new VigilError("BAD_USER_INPUT", "A resolution needs a reason of 1 to 2,000 characters.", {
      path: ["input", "reason"],
    });
  }
  const { sealed, digest } = await sealWords(tx, vault, { kind: "resolution", rowId: input.id, text: reason });
  const moved = await move(tx, input, "RESOLVE", `${input.actor} resolved the incident as ${input.resolution}`, {
    columns:
      "resolved_at = $3, resolved_by = $4, resolution = $5::incident_resolution, resolution_reason = NULL, sealed_reason = $6",
    values: [input.actor, input.resolution, sealed],
    words: reason,
    vault,
  });
  return { ...moved, reasonDigest: digest };
}

async function move(
  tx: Tx,
  { id, actor, now, expectedRevision }: MoveInput,
  wanted: IncidentMove,
  message: string,
  set: { columns: string; values: unknown[]; words?: string; vault?: WordsVault },
): Promise<{ cursor: string }> {
  const { rows } = await tx.query<{ status: IncidentStatus; revision: number; number: number }>(
    "SELECT status, revision, number FROM security_incidents WHERE organization_id = $1 AND id = $2 FOR UPDATE",
    [tx.organizationId, id],
  );
  const current = rows[0];
  if (!current) throw new VigilError("NOT_FOUND", "There is no such incident.", { path: ["id"] });
  const state = { revision: current.revision, status: current.status };
  if (expectedRevision !== undefined && expectedRevision !== current.revision) {
    throw new VigilError(
      "CONFLICT",
      `Incident #${current.number} has changed meanwhile: it is at revision ${current.revision} (${current.status}), not ${expectedRevision}.`,
      { path: ["input", "expectedRevision"], detail: state },
    );
  }
  const verdict = judgeMove(current.status, wanted);
  if (!verdict.allowed) throw new VigilError("CONFLICT", verdict.reason, { path: ["id"], detail: state });
  await tx.query(
    `UPDATE security_incidents SET status = '${verdict.to}', revision = revision + 1, updated_at = $3, ${set.columns}
     WHERE organization_id = $1 AND id = $2`,
    [tx.organizationId, id, new Date(now), ...set.values],
  );
  const kind: EntryKind & IncidentStatus = verdict.to as EntryKind & IncidentStatus;
  await addEntries(tx, [{ incidentId: id, kind, message, words: set.words, actor }], now, set.vault);
  return { cursor: await recordChanges(tx, [{ topic: "incident", kind, entityId: id }]) };
}
