/**
 * An organization's audit log as NDJSON that can be checked without us: a header, the entries exactly as they were
 * hashed, the checkpoints among them, and last a checkpoint of the final entry. `docs/verify-audit.mjs` reads it.
 */
import type { Database } from "../db.ts";
import { checkpointLine, signCheckpoint, timeAfter } from "./checkpoint.ts";
import type { CheckpointFile } from "./checkpoint-file.ts";
import type { AuditKey } from "./key.ts";
import { type AuditRange, verifyAudit } from "./verify.ts";

const piece = 1_000; // entries a statement

const select = `
  SELECT seq, audit_text(previous_hash, seq, at, actor, action, entity_kind, entity_id, detail) AS entry,
    encode(hash, 'hex') AS hash
  FROM security_audit_log WHERE organization_id = $1 AND seq > $2 AND seq <= $3 ORDER BY seq LIMIT $4`;

interface Row {
  seq: string;
  entry: string;
  hash: string;
}

/** The lines of the export. What does not verify is exported all the same: the header says so, and no end is signed. */
export async function* exportAudit(
  { db, key, file, now }: { db: Database; key: AuditKey; file: CheckpointFile; now: () => number },
  organizationId: string,
  range: AuditRange = {},
): AsyncGenerator<string> {
  const headAt = new Date(now()).toISOString(); // before the log is read: what was signed until now is in it
  const verdict = await verifyAudit({ db, key, file }, organizationId, range);
  const { fault, cut } = verdict;
  const { from = null, to = null } = range;
  yield line({
    vigil: "audit-export",
    version: 1,
    organization: organizationId,
    from: from?.toISOString() ?? null,
    to: to?.toISOString() ?? null,
    headAt,
    exportedAt: new Date(now()).toISOString(),
    publicKey: key.publicPem,
    earlierKeys: key.earlierPems,
    ...(fault ? { fault } : {}),
  });
  if (cut && from === null) yield `${checkpointLine(cut)}\n`;
  const { checkpoints, restored } = await file.all(organizationId);
  for (const one of restored) yield `${checkpointLine(one)}\n`;
  const end = fault ? (verdict.last ?? Number.MAX_SAFE_INTEGER) : verdict.head.seq; // later entries come with the next export
  let first: number | undefined;
  let last = verdict.after;
  for (;;) {
    const { rows } = await db.query<Row>(organizationId, select, [organizationId, last.seq, end, piece]);
    for (const { seq, entry, hash } of rows) {
      first ??= Number(seq);
      last = { seq: Number(seq), hash };
      yield `{"entry":${entry},"hash":"${hash}"}\n`;
    }
    if (rows.length < piece) break;
  }
  if (first === undefined) return;
  for (const checkpoint of checkpoints) {
    if (checkpoint.seq >= first && checkpoint.seq <= last.seq) yield line({ checkpoint });
  }
  if (!fault) yield line({ checkpoint: signCheckpoint(key, organizationId, last, timeAfter(restored, now())) });
}

function line(value: object): string {
  return `${JSON.stringify(value)}\n`;
}
