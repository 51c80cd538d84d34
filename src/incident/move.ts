/** One change of one incident: locked, guarded by the revision, judged by the table, written down, announced. */
import type { Tx } from "../db.ts";
import { VigilError } from "../errors.ts";
import type { Severity } from "../ingest/event.ts";
import { recordChanges } from "../publish/change.ts";
import { sealedColumns } from "../secrets/sealed-columns.ts";
import type { WordsVault } from "../secrets/words.ts";
import { addEntries, type EntryKind } from "./entry.ts";
import { type IncidentMove, type IncidentStatus, judgeMove } from "./state.ts";

export interface ChangeInput {
  id: string;
  /** Who: an e-mail address or a key's name. */
  actor: string;
  now: number;
  /** The revision the caller has seen; a newer one is a CONFLICT that tells the state it is in now. */
  expectedRevision?: number | undefined;
}

export interface Changed {
  /** Where the change stands in the feed. */
  cursor: string;
  /** Of the words that were written, for the audit log. */
  wordsDigest?: string;
}

export interface LockedIncident {
  id: string;
  number: number;
  status: IncidentStatus;
  revision: number;
  severity: Severity;
  fingerprint: string;
  assignee_id: string | null;
  resolved_at: Date | null;
  merged_into_id: string | null;
  merged_from_status: IncidentStatus | null;
}

/** The incident, locked until the transaction ends. Errors: NOT_FOUND, CONFLICT. */
export async function lockIncident(
  tx: Tx,
  { id, expectedRevision }: Pick<ChangeInput, "id" | "expectedRevision">,
  path = ["id"],
): Promise<LockedIncident> {
  const { rows } = await tx.query<LockedIncident>({
    name: "lock_incident",
    text: `SELECT id, number, status, revision, severity, fingerprint, assignee_id, resolved_at, merged_into_id, merged_from_status
      FROM security_incidents WHERE organization_id = $1 AND id = $2 FOR UPDATE`,
    values: [tx.organizationId, id],
  });
  const [current] = rows;
  if (!current) throw new VigilError("NOT_FOUND", "There is no such incident.", { path });
  if (expectedRevision !== undefined && expectedRevision !== current.revision) {
    throw new VigilError(
      "CONFLICT",
      `Incident #${current.number} has changed meanwhile: it is at revision ${current.revision} (${current.status}), not ${expectedRevision}.`,
      { path: ["input", "expectedRevision"], detail: { revision: current.revision, status: current.status } },
    );
  }
  return current;
}

export interface Line {
  kind: EntryKind;
  message: string;
  /** What a person wrote beside it: sealed. */
  words?: string | undefined;
  /** Of a change of severity: whether it went up. */
  rises?: boolean | undefined;
}

/** Sets columns of a locked incident (placeholders from $4 on; $3 is the time), and says so in timeline and feed. */
export async function applyChange(
  tx: Tx,
  { id, actor, now }: Pick<ChangeInput, "id" | "actor" | "now">,
  set: { columns: string; values?: unknown[] },
  line: Line,
  vault?: WordsVault,
): Promise<{ cursor: string }> {
  await tx.query(
    `UPDATE security_incidents SET revision = revision + 1, updated_at = $3${set.columns ? `, ${set.columns}` : ""}
     WHERE organization_id = $1 AND id = $2`,
    [tx.organizationId, id, new Date(now), ...(set.values ?? [])],
  );
  await addEntries(tx, [{ incidentId: id, actor, ...line }], now, vault);
  return { cursor: await recordChanges(tx, [{ topic: "incident", kind: line.kind, entityId: id }]) };
}

/** A move of the table. Errors: NOT_FOUND, CONFLICT. */
export async function move(
  tx: Tx,
  input: ChangeInput,
  wanted: IncidentMove,
  message: string,
  set: { columns: string; values?: unknown[]; words?: string | undefined; vault?: WordsVault },
): Promise<{ cursor: string }> {
  const current = await lockIncident(tx, input);
  const to = allowed(current, wanted);
  const columns = `status = '${to}', ${set.columns}`;
  const values = set.values ?? [];
  const kind = (wanted === "REOPEN" ? "REOPENED" : to) as EntryKind;
  return applyChange(tx, input, { columns, values }, { kind, message, words: set.words }, set.vault);
}

/** Where the move leads; a CONFLICT where it is not in the table. */
export function allowed({ status, revision }: LockedIncident, wanted: IncidentMove): IncidentStatus {
  const verdict = judgeMove(status, wanted);
  if (verdict.allowed) return verdict.to;
  throw new VigilError("CONFLICT", verdict.reason, { path: ["id"], detail: { revision, status } });
}

const mostWords = 2_000;

/** What a person gives as the reason, trimmed. Errors: BAD_USER_INPUT. */
export function readReason(reason: string, what: string, path = ["input", "reason"]): string {
  const words = reason.trim();
  if (words === "" || words.length > mostWords) {
    throw new VigilError("BAD_USER_INPUT", `${what} needs a reason of 1 to 2,000 characters.`, { path });
  }
  return words;
}

/** The digest of what a person wrote in the timeline: for the audit log, which shows by it that the words stayed the same. */
export async function digestOf(tx: Tx, vault: WordsVault, text: string): Promise<string> {
  return (await vault.indexer(tx, sealedColumns.entry))(text).toString("hex");
}
