/** Removes the beginning of an audit log that was kept long enough: up to a signed checkpoint, and with a signed word. */
import { audit } from "../access/audit.ts";
import type { Database } from "../db.ts";
import type { Log } from "../log.ts";
import { beginningOf } from "./beginning.ts";
import { verifyChain } from "./chain.ts";
import { type Checkpoint, isGenuine, signCut, timeAfter } from "./checkpoint.ts";
import type { CheckpointFile } from "./checkpoint-file.ts";
import type { AuditKey } from "./key.ts";

const piece = 20_000; // entries a cut, where checkpoints allow it: one transaction, under the organization's audit lock

interface Parts {
  db: Database;
  key: AuditKey;
  file: CheckpointFile;
  log: Log;
  now: () => number;
}

/**
 * Cuts once, up to the last checkpoint before `cutoff`; answers how many entries went: none where none is due, or where
 * what would go does not verify, which the log says.
 */
export async function cutAudit(parts: Parts, organizationId: string, cutoff: Date, actor: string): Promise<number> {
  const { db, key, file, log, now } = parts;
  const { rows } = await db.query<{ due: string | null }>(organizationId, "SELECT audit_cut_due($1, $2) AS due", [
    cutoff,
    piece,
  ]);
  const due = rows[0]?.due;
  if (due == null) return 0;
  const refuse = (why: string): number => {
    log.error({ organizationId, seq: Number(due) }, `the audit log is not cut: ${why}`);
    return 0;
  };
  const checkpoint = await storedCheckpoint(db, organizationId, Number(due));
  if (!checkpoint || isGenuine(key, checkpoint) !== true) return refuse("our key did not sign the checkpoint");
  const { cuts, restored } = await file.all(organizationId);
  const { after } = await beginningOf(db, key, organizationId, cuts);
  const { fault, head } = await verifyChain(db, organizationId, { after, to: checkpoint.seq });
  if (fault) return refuse(`entry ${fault.seq} is bad (${fault.kind})`);
  if (head.seq !== checkpoint.seq || head.hash !== checkpoint.hash) return refuse("it is not what the checkpoint says");

  const cut = signCut(key, organizationId, checkpoint, timeAfter(restored, now()));
  return db.inOrganization(organizationId, async (tx) => {
    const removed = await tx.query<{ removed: string }>("SELECT audit_cut($1, $2, $3, $4) AS removed", [
      cut.seq,
      cut.at,
      cut.key,
      Buffer.from(cut.signature, "base64"),
    ]);
    const entries = Number(removed.rows[0]?.removed);
    // Before the commit, since a log that begins late without a signed word looks like an attack; and not before the
    // database has agreed, since whoever has the word may cut.
    await file.append(cut);
    const detail = { entries, upTo: cut.seq, hash: cut.hash, cutoff: cutoff.toISOString() };
    await audit(tx, { actor, action: "AUDIT_CUT", entityKind: "Organization", entityId: organizationId, detail });
    return entries;
  });
}

async function storedCheckpoint(db: Database, organizationId: string, seq: number): Promise<Checkpoint | undefined> {
  const { rows } = await db.query<{ hash: string; at: Date; key: string; signature: Buffer }>(
    organizationId,
    `SELECT encode(hash, 'hex') AS hash, at, key_id AS key, signature FROM audit_checkpoints
     WHERE organization_id = $1 AND seq = $2`,
    [organizationId, seq],
  );
  const [row] = rows;
  if (!row) return undefined;
  const { hash, at, key, signature } = row;
  return {
    organization: organizationId,
    seq,
    hash,
    at: at.toISOString(),
    key,
    signature: signature.toString("base64"),
  };
}
