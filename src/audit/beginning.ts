/** Where an audit log begins: before its first entry, or where it was cut. */
import type { Database } from "../db.ts";
import { start } from "./chain.ts";
import { type Cut, type Head, isGenuine } from "./checkpoint.ts";
import type { AuditKey } from "./key.ts";

export interface Beginning {
  /** The entry before the first one that has to be there; the start where nothing was cut. */
  after: Head;
  /** The cut that says so. */
  cut?: Cut;
  /** Cuts that another key signed: they say nothing. */
  unknown: number;
}

/**
 * The last genuine cut that no entry of the log stands before or at. Entries that are still there although a cut was
 * signed are verified from the cut before it: a crash came between, or an older state was restored.
 */
export async function beginningOf(
  db: Pick<Database, "query">,
  key: AuditKey,
  organizationId: string,
  outside: readonly Cut[],
): Promise<Beginning> {
  const { rows } = await db.query<{ first: string | null }>(
    organizationId,
    "SELECT min(seq) AS first FROM security_audit_log WHERE organization_id = $1",
    [organizationId],
  );
  const first = Number(rows[0]?.first ?? Number.MAX_SAFE_INTEGER);
  const judged = [...outside, ...(await storedCuts(db, organizationId))].map((cut) => ({
    cut,
    genuine: isGenuine(key, cut),
  }));
  const cut = judged
    .filter(({ cut, genuine }) => genuine === true && cut.seq < first)
    .map(({ cut }) => cut)
    .sort((one, other) => other.seq - one.seq)[0];
  const unknown = new Set(judged.filter(({ genuine }) => genuine === undefined).map(({ cut }) => cut.signature)).size;
  return { after: cut ? { seq: cut.seq, hash: cut.hash } : start, ...(cut ? { cut } : {}), unknown };
}

/** The database's own copy: it bears the server's signature too, so it holds where the file was lost. */
async function storedCuts(db: Pick<Database, "query">, organizationId: string): Promise<Cut[]> {
  const { rows } = await db.query<Omit<Cut, "kind" | "at"> & { at: Date; seq: string }>(
    organizationId,
    `SELECT seq, encode(hash, 'hex') AS hash, cut_at AS at, cut_key_id AS key, encode(cut_signature, 'base64') AS signature
     FROM audit_checkpoints WHERE organization_id = $1 AND cut_at IS NOT NULL`,
    [organizationId],
  );
  return rows.map(({ seq, hash, at, key, signature }) => ({
    kind: "CUT",
    organization: organizationId,
    seq: Number(seq),
    hash,
    at: at.toISOString(),
    key,
    signature: signature.replace(/\s/g, ""), // PostgreSQL breaks base64 into lines
  }));
}
