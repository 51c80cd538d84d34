/** Judges an organization's audit log: the chain by itself, then against the checkpoints kept outside the database. */
import type { Database } from "../db.ts";
import { type Beginning, beginningOf } from "./beginning.ts";
import { type Fault, verifyChain } from "./chain.ts";
import { type Checkpoint, type Cut, type Head, isGenuine } from "./checkpoint.ts";
import type { CheckpointFile } from "./checkpoint-file.ts";
import type { AuditKey } from "./key.ts";
import { type Loss, lossesOf } from "./loss.ts";

/** Which entries, by their time; absent ends are open. */
export interface AuditRange {
  from?: Date | undefined;
  to?: Date | undefined;
}

export interface AuditVerdict {
  /** Entries looked at: all, or up to the first bad one and somewhat beyond. */
  entries: number;
  /** The last good entry looked at. */
  head: Head;
  /** Checkpoints of the file compared with the log. */
  checkpoints: number;
  /** Lines of the file that are no checkpoints, or that another key signed. */
  unknownCheckpoints: number;
  /** Where the log begins, when entries were cut off that had been kept long enough. */
  cut?: Cut;
  /** What restores of an older state have lost: known, and no fault. */
  losses: Loss[];
  /** The first thing that is wrong; absent: nothing is. */
  fault?: Fault;
}

export async function verifyAudit(
  { db, key, file }: { db: Database; key: AuditKey; file: CheckpointFile },
  organizationId: string,
  range: AuditRange = {},
): Promise<AuditVerdict> {
  // The file first: what it says was committed before, so the log must have it.
  const outside = await file.all(organizationId);
  const beginning = await beginningOf(db, key, organizationId, outside.cuts);
  const { after, to } = await bounds(db, organizationId, range, beginning);
  const chain = await verifyChain(db, organizationId, { after, ...(to === undefined ? {} : { to }) });
  const judged = [...outside.checkpoints, ...outside.restored].map((checkpoint) => ({
    checkpoint,
    genuine: isGenuine(key, checkpoint),
  }));
  const known = judged
    .filter(({ genuine, checkpoint }) => genuine !== undefined && checkpoint.seq > after.seq)
    .filter(
      ({ checkpoint }) => to === undefined || checkpoint.seq <= to || Date.parse(checkpoint.at) <= Number(range.to),
    )
    .sort((one, other) => one.checkpoint.seq - other.checkpoint.seq);
  const fault = earlier(chain.fault, await firstBroken(db, organizationId, after, known));
  return {
    entries: chain.entries,
    head: chain.head,
    checkpoints: known.length,
    unknownCheckpoints:
      outside.unreadable + beginning.unknown + judged.filter(({ genuine }) => genuine === undefined).length,
    ...(beginning.cut ? { cut: beginning.cut } : {}),
    losses: lossesOf(outside.restored, outside.lost),
    ...(fault ? { fault } : {}),
  };
}

/** The entry before the range, and the last one in it; without an end, whatever there is. */
async function bounds(db: Database, organizationId: string, { from, to }: AuditRange, beginning: Beginning) {
  let { after }: { after: Head } = beginning;
  if (from) {
    const { rows } = await db.query<{ seq: string; hash: string }>(
      organizationId,
      `SELECT seq, encode(hash, 'hex') AS hash FROM security_audit_log WHERE organization_id = $1 AND at < $2
       ORDER BY at DESC, seq DESC LIMIT 1`,
      [organizationId, from],
    );
    if (rows[0]) after = { seq: Number(rows[0].seq), hash: rows[0].hash };
  }
  if (!to) return { after, to: undefined };
  const { rows } = await db.query<{ seq: string }>(
    organizationId,
    "SELECT seq FROM security_audit_log WHERE organization_id = $1 AND at <= $2 ORDER BY at DESC, seq DESC LIMIT 1",
    [organizationId, to],
  );
  return { after, to: Math.max(after.seq, Number(rows[0]?.seq ?? 0)) };
}

/** A fault of the chain is exact; one found by a checkpoint explains nothing before it that the chain explains better. */
function earlier(chain: Fault | undefined, outside: (Fault & { upTo: number }) | undefined): Fault | undefined {
  if (!chain || !outside) return chain ?? outside;
  return chain.seq <= outside.upTo ? chain : outside;
}

const compared = 10_000; // checkpoints a statement

async function firstBroken(
  db: Database,
  organizationId: string,
  after: Head,
  known: { checkpoint: Checkpoint; genuine: boolean | undefined }[],
): Promise<(Fault & { upTo: number }) | undefined> {
  let good = after.seq;
  for (let place = 0; place < known.length; place += compared) {
    const some = known.slice(place, place + compared);
    const { rows } = await db.query<{ seq: string; hash: string }>(
      organizationId,
      "SELECT seq, encode(hash, 'hex') AS hash FROM security_audit_log WHERE organization_id = $1 AND seq = ANY($2)",
      [organizationId, some.map(({ checkpoint }) => checkpoint.seq)],
    );
    const hashes = new Map(rows.map((row) => [Number(row.seq), row.hash]));
    for (const { checkpoint, genuine } of some) {
      const { seq, at } = checkpoint;
      if (!genuine) {
        const message = `The checkpoint of entry ${seq} (${at}) bears our key's name, but not its signature.`;
        return { kind: "FORGED", seq: good + 1, upTo: seq, message };
      }
      if (hashes.get(seq) !== checkpoint.hash)
        return broken(db, organizationId, { good, after: after.seq }, checkpoint);
      good = seq;
    }
  }
  return undefined;
}

/** The log lacks what a genuine checkpoint says. What the database's own checkpoints say tells an attack from a restore. */
async function broken(
  db: Database,
  organizationId: string,
  { good, after }: { good: number; after: number },
  { seq, at, hash }: Checkpoint,
) {
  const { rows } = await db.query<{ head: string | null; stored: boolean }>(
    organizationId,
    `SELECT (SELECT max(seq) FROM security_audit_log WHERE organization_id = $1) AS head,
       EXISTS (SELECT FROM audit_checkpoints WHERE organization_id = $1 AND seq = $2 AND hash = $3) AS stored`,
    [organizationId, seq, Buffer.from(hash, "hex")],
  );
  const head = Math.max(after, Number(rows[0]?.head ?? 0));
  const isShort = head < seq;
  const first = isShort ? head + 1 : good + 1;
  if (!rows[0]?.stored) {
    const what = isShort ? `it ends at ${head}` : "it goes on differently";
    const message = `An older state of the database was restored: the checkpoint of ${at} knows entry ${seq}, the log does not (${what}).`;
    return { kind: "ROLLED_BACK" as const, seq: first, upTo: seq, message };
  }
  if (isShort) {
    const message = `The end was cut off: the checkpoint of ${at} knows entry ${seq}, the log ends at ${head}.`;
    return { kind: "CUT" as const, seq: first, upTo: seq, message };
  }
  const message = `The chain was computed anew from an entry between ${first} and ${seq} on: it fits itself, but not the checkpoint of ${at}.`;
  return { kind: "REBUILT" as const, seq: first, upTo: seq, message };
}
