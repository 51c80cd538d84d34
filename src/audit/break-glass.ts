/** Break-glass: in an emergency people give themselves leave to read patients' data; loud, short, and reviewed by another. */
import { validate as isUuid, v7 as uuidv7 } from "uuid";
import { audit } from "../access/audit.ts";
import { cliSubject, type Viewer } from "../access/viewer.ts";
import type { Database, Tx } from "../db.ts";
import { VigilError } from "../errors.ts";
import { sealWords, type WordsVault } from "../secrets/words.ts";

const longest = 60; // minutes

/** What a reviewer may find. */
export type BreakGlassOutcome = "JUSTIFIED" | "UNJUSTIFIED";

/** Says whether one may, and for how long; the caller opens the incident that makes it loud, then records the use. */
export function judgeBreakGlass(viewer: Viewer, { reason, minutes }: { reason: string; minutes: number }) {
  if (viewer.kind !== "USER" || viewer.id === cliSubject) {
    throw new VigilError("BAD_USER_INPUT", "Break-glass is for people: sign in as a user", { path: [] });
  }
  const text = reason.trim();
  if (text.length < 10 || text.length > 1_000) {
    throw new VigilError("BAD_USER_INPUT", "Say why in 10 to 1,000 characters.", { path: ["input", "reason"] });
  }
  if (!Number.isInteger(minutes) || minutes < 1 || minutes > longest) {
    throw new VigilError("BAD_USER_INPUT", `Break-glass lasts from 1 to ${longest} minutes.`, {
      path: ["input", "minutes"],
    });
  }
  return { reason: text, minutes };
}

/** Records the use and writes its audit entry; from the commit on, the person may read patients' data. */
export async function startBreakGlass(
  tx: Tx,
  vault: WordsVault,
  input: {
    viewer: Viewer;
    reason: string;
    minutes: number;
    incidentId: string;
    address: string | undefined;
    now: number;
  },
): Promise<{ id: string }> {
  const { viewer, reason, minutes, incidentId, address, now } = input;
  const id = uuidv7({ msecs: now });
  const expiresAt = new Date(now + minutes * 60_000);
  const { sealed, digest } = await sealWords(tx, vault, { kind: "breakGlassReason", rowId: id, text: reason });
  await tx.query(
    `INSERT INTO break_glass_uses (organization_id, id, user_id, actor, sealed_reason, started_at, expires_at, incident_id)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [tx.organizationId, id, viewer.id, viewer.name, sealed, new Date(now), expiresAt, incidentId],
  );
  const detail = {
    reasonDigest: digest,
    minutes,
    expiresAt: expiresAt.toISOString(),
    incidentId,
    address: address ?? null,
  };
  await audit(tx, {
    actor: viewer.name,
    action: "BREAK_GLASS_STARTED",
    entityKind: "BreakGlassUse",
    entityId: id,
    detail,
  });
  return { id };
}

/** The user's use that is not over, if any: a reviewer who finds no emergency ends it. */
export async function activeBreakGlass(
  db: Pick<Database, "query">,
  organizationId: string,
  userId: string,
  now: number,
): Promise<{ id: string; expiresAt: Date } | undefined> {
  const { rows } = await db.query<{ id: string; expires_at: Date }>(
    organizationId,
    {
      name: "break_glass_active",
      text: `SELECT id, expires_at FROM break_glass_uses WHERE organization_id = $1 AND user_id = $2 AND expires_at > $3
        AND outcome IS DISTINCT FROM 'UNJUSTIFIED' ORDER BY expires_at DESC LIMIT 1`,
    },
    [organizationId, userId, new Date(now)],
  );
  return rows[0] && { id: rows[0].id, expiresAt: rows[0].expires_at };
}

/** Closes the task that a use leaves. Errors: NOT_FOUND, CONFLICT (reviewed already, or by the person who used it). */
export async function reviewBreakGlass(
  tx: Tx,
  vault: WordsVault,
  input: { id: string; viewer: Viewer; outcome: BreakGlassOutcome; note: string; now: number },
): Promise<void> {
  const { id, viewer, outcome, now } = input;
  const note = input.note.trim();
  if (note === "" || note.length > 2_000) {
    throw new VigilError("BAD_USER_INPUT", "A review has a note of 1 to 2,000 characters.", {
      path: ["input", "note"],
    });
  }
  if (!isUuid(id)) throw new VigilError("NOT_FOUND", "There is no such break-glass use.", { path: ["id"] });
  const { rows } = await tx.query<{ user_id: string; actor: string; reviewed_by: string | null }>(
    "SELECT user_id, actor, reviewed_by FROM break_glass_uses WHERE organization_id = $1 AND id = $2",
    [tx.organizationId, id],
  );
  const use = rows[0];
  if (!use) throw new VigilError("NOT_FOUND", "There is no such break-glass use.", { path: ["id"] });
  if (use.user_id === viewer.id || use.actor === viewer.name) {
    throw new VigilError("CONFLICT", "Another person reviews what you used.", { path: ["id"] });
  }
  const { sealed, digest } = await sealWords(tx, vault, { kind: "breakGlassNote", rowId: id, text: note });
  const { rowCount } = await tx.query(
    `UPDATE break_glass_uses SET reviewed_at = $3, reviewed_by = $4, outcome = $5::break_glass_outcome, sealed_note = $6
     WHERE organization_id = $1 AND id = $2 AND reviewed_at IS NULL`,
    [tx.organizationId, id, new Date(now), viewer.name, outcome, sealed],
  );
  if (rowCount === 0) throw new VigilError("CONFLICT", "Somebody has reviewed it already.", { path: ["id"] });
  const detail = { outcome, noteDigest: digest, of: use.actor };
  await audit(tx, {
    actor: viewer.name,
    action: "BREAK_GLASS_REVIEWED",
    entityKind: "BreakGlassUse",
    entityId: id,
    detail,
  });
}
