/** What people found about an incident: an event, a link, a note, or a link or event with a note. Kept for good. */
import { validate as isUuid, v7 as uuidv7 } from "uuid";
import type { Tx } from "../db.ts";
import { VigilError } from "../errors.ts";
import { sealWords, type WordsVault } from "../secrets/words.ts";
import { applyChange, type Changed, type ChangeInput, lockIncident } from "./move.ts";

const mostNote = 5_000;

/** Adds evidence, in every status: what comes to light later counts too. Errors: NOT_FOUND, CONFLICT, BAD_USER_INPUT. */
export async function addEvidence(
  tx: Tx,
  vault: WordsVault,
  input: ChangeInput & { eventId?: string | undefined; url?: string | undefined; note?: string | undefined },
): Promise<Changed & { evidenceId: string }> {
  const { id, actor, now, eventId, url } = input;
  const note = input.note?.trim() || undefined;
  const bad = (message: string, path: string[]): never => {
    throw new VigilError("BAD_USER_INPUT", message, { path: ["input", ...path] });
  };
  if (eventId === undefined && url === undefined && note === undefined) bad("Give an event, a link or a note.", []);
  if (note && note.length > mostNote) bad("A note has at most 5,000 characters.", ["note"]);
  if (url !== undefined && !/^https?:$/.test(new URL(url).protocol))
    bad("A link begins with https:// or http://.", ["url"]);
  if (eventId !== undefined) {
    const { rows } = isUuid(eventId)
      ? await tx.query("SELECT FROM realtime_monitoring WHERE organization_id = $1 AND id = $2", [
          tx.organizationId,
          eventId,
        ])
      : { rows: [] };
    if (rows.length === 0) {
      throw new VigilError("NOT_FOUND", "There is no such event.", { path: ["input", "eventId"] });
    }
  }
  await lockIncident(tx, input);
  const evidenceId = uuidv7();
  const words =
    note === undefined ? undefined : await sealWords(tx, vault, { kind: "evidence", rowId: evidenceId, text: note });
  await tx.query(
    `INSERT INTO incident_evidence (organization_id, id, incident_id, event_id, url, sealed, author, created_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [tx.organizationId, evidenceId, id, eventId ?? null, url ?? null, words?.sealed ?? null, actor, new Date(now)],
  );
  const what = eventId !== undefined ? "an event" : url !== undefined ? "a link" : "a note";
  const line = { kind: "EVIDENCE_ADDED", message: `${actor} added ${what} as evidence.` } as const;
  const changed = await applyChange(tx, input, { columns: "" }, line);
  return { ...changed, ...(words ? { wordsDigest: words.digest } : {}), evidenceId };
}
