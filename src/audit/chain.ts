/** Recomputes an audit chain, and tells what is wrong with its first bad entry. */
import type { Database } from "../db.ts";
import type { Head } from "./checkpoint.ts";

export type FaultKind = "CHANGED" | "MISSING" | "REORDERED" | "UNLINKED" | "CUT" | "REBUILT" | "ROLLED_BACK" | "FORGED";

/** The first thing that is wrong with an audit chain. */
export interface Fault {
  kind: FaultKind;
  /** The first bad entry's number. */
  seq: number;
  /** Where the first bad entry is only known to lie between `seq` and another one: that one. */
  upTo?: number;
  /** What is wrong, for people. */
  message: string;
}

export interface ChainVerdict {
  /** Entries looked at: all, or up to the piece that holds the first bad one. */
  entries: number;
  /** The last good entry looked at; the start when there is none. */
  head: Head;
  fault?: Fault;
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
      SELECT * FROM security_audit_log WHERE organization_id = $1 AND seq > $2 AND seq <= $4 ORDER BY seq LIMIT $5
    ) entries
    WINDOW running AS (ORDER BY seq)
  ),
  bad AS (SELECT min(seq) AS seq FROM links WHERE NOT good),
  last AS (SELECT links.seq, links.hash FROM links, bad WHERE links.seq < bad.seq OR bad.seq IS NULL ORDER BY 1 DESC LIMIT 1)
  SELECT (SELECT count(*)::int FROM links) AS entries, (SELECT seq FROM bad) AS first_bad,
    (SELECT seq FROM last) AS last_seq, (SELECT encode(hash, 'hex') FROM last) AS last_hash`;

interface Piece {
  entries: number;
  first_bad: string | null;
  last_seq: string | null;
  last_hash: string | null;
}

/** The state before the first entry. */
export const start: Head = { seq: 0, hash: "" };

/** Recomputes the chain behind `after`, up to and with entry `to`. */
export async function verifyChain(
  db: Database,
  organizationId: string,
  { after = start, to = Number.MAX_SAFE_INTEGER }: { after?: Head; to?: number } = {},
): Promise<ChainVerdict> {
  let entries = 0;
  let head = after;
  for (;;) {
    const values = [organizationId, head.seq, Buffer.from(head.hash, "hex"), to, piece];
    const { rows } = await db.query<Piece>(organizationId, verifyPiece, values);
    const found = rows[0] as Piece;
    entries += found.entries;
    if (found.last_seq !== null && found.last_hash !== null)
      head = { seq: Number(found.last_seq), hash: found.last_hash };
    if (found.first_bad !== null) return { entries, head, fault: await diagnose(db, organizationId, head) };
    if (found.entries < piece) return { entries, head };
  }
}

/** What is wrong with the entry behind the last good one. */
async function diagnose(db: Database, organizationId: string, good: Head): Promise<Fault> {
  const seq = good.seq + 1;
  const { rows } = await db.query<{ here: boolean; linked: boolean; own: boolean }>(
    organizationId,
    `SELECT seq = $2 AS here, previous_hash = $3 AS linked,
       hash = audit_canonical(previous_hash, seq, at, actor, action, entity_kind, entity_id, detail) AS own
     FROM security_audit_log WHERE organization_id = $1 AND (seq = $2 OR previous_hash = $3)`,
    [organizationId, seq, Buffer.from(good.hash, "hex")],
  );
  const here = rows.find((row) => row.here);
  if (rows.some((row) => row.linked && !row.here))
    return { kind: "REORDERED", seq, message: `Entry ${seq} stands in another entry's place.` };
  if (!here) return { kind: "MISSING", seq, message: `Entry ${seq} is missing.` };
  if (here.own) return { kind: "UNLINKED", seq, message: `Entry ${seq} does not follow the one before it.` };
  return { kind: "CHANGED", seq, message: `Entry ${seq} was changed.` };
}
