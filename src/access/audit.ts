import type { Database, Tx } from "../db.ts";

/** Who did what to what. */
export interface AuditRecord {
  /** The user's e-mail address, the API key's id, or `vigil`. */
  actor: string;
  action: string;
  entityKind: string;
  entityId: string;
  detail?: object;
}

/** Appends to the organization's audit chain, within the transaction of what it reports. */
export async function audit(tx: Tx, { actor, action, entityKind, entityId, detail }: AuditRecord): Promise<void> {
  await tx.query({
    name: "access_audit_append",
    text: "SELECT audit_append($1, $2, $3, $4, $5::jsonb)",
    values: [actor, action, entityKind, entityId, JSON.stringify(detail ?? {})],
  });
}

export interface AuditVerdict {
  /** Entries looked at: all, or up to the piece that holds the first bad one. */
  entries: number;
  /** The number of the first entry that was changed, or that follows a missing one. */
  firstBad?: bigint;
}

const piece = 50_000; // entries a statement: well within its time limit

// Numbers without gaps, links that fit and hashes that the stored columns give again.
const verifyPiece = `
  WITH links AS (
    SELECT seq, hash, (
        seq = $2::bigint + row_number() OVER running
        AND previous_hash = lag(hash, 1, $3::bytea) OVER running
        AND hash = audit_canonical(previous_hash, seq, at, actor, action, entity_kind, entity_id, detail)
      ) IS TRUE AS good
    FROM (
      SELECT * FROM security_audit_log WHERE organization_id = $1 AND seq > $2 ORDER BY seq LIMIT $4
    ) entries
    WINDOW running AS (ORDER BY seq)
  )
  SELECT count(*)::int AS entries, min(seq) FILTER (WHERE NOT good) AS first_bad, max(seq) AS last_seq,
    (SELECT hash FROM links ORDER BY seq DESC LIMIT 1) AS last_hash
  FROM links`;

interface Piece {
  entries: number;
  first_bad: string | null;
  last_seq: string;
  last_hash: Buffer;
}

/** Recomputes the organization's whole audit chain. A chain cut off at its end is not seen: that takes checkpoints. */
export async function verifyAudit(db: Database, organizationId: string): Promise<AuditVerdict> {
  let entries = 0;
  let after = "0";
  let hash: Buffer = Buffer.alloc(0);
  for (;;) {
    const { rows } = await db.query<Piece>(organizationId, verifyPiece, [organizationId, after, hash, piece]);
    const [found] = rows;
    if (!found || found.entries === 0) return { entries };
    entries += found.entries;
    if (found.first_bad !== null) return { entries, firstBad: BigInt(found.first_bad) };
    after = found.last_seq;
    hash = found.last_hash;
  }
}
