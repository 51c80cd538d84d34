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
  /** The entry before those looked at; the start when there is none. */
  after: Head;
  /** The last good entry looked at. */
  head: Head;
  /** The last entry of the range; absent: it has no end. */
  last?: number;
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
  parts: { db: Database; key: AuditKey; file: CheckpointFile },
  organizationId: string,
  range: AuditRange = {},
): Promise<AuditVerdict> {
  const { db, key, file } = parts;
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
  // What was cut off meanwhile was neither removed nor changed by anybody else.
  const { after: begins } = await beginningOf(db, key, organizationId, outside.cuts);
  if (begins.seq > beginning.after.seq) return verifyAudit(parts, organizationId, range);
  return {
    entries: chain.entries,
    after,
    head: chain.head,
    ...(to === undefined ? {} : { last: to }),
    checkpoints: known.length,
    unknownCheckpoints:
      outside.unreadable + beginning.unknown + judged.filter(({ genuine }) => genuine === undefined).length,
    ...(beginning.cut ? { cut: beginning.cut } : {}),
    losses: lossesOf(outside.restored, outside.lost),
    ...(fault ? { fault } : {}),
  };
}

/**
 * The entry before the range, and the last one in it; without an end, whatever there is. Where a clock was set back,
 * entries of other times lie between the first and the last one: they belong to the range, or the chain had gaps.
 */
async function bounds(db: Database, organizationId: string, { from, to }: AuditRange, beginning: Beginning) {
  if (!from && !to) return { after: beginning.after, to: undefined };
  // OFFSET 0: by the index of times, and not number by number until one fits.
  const { rows } = await db.query<{ first: string | null; last: string | null }>(
    organizationId,
    `SELECT min(seq) AS first, max(seq) AS last FROM (
       SELECT seq FROM security_audit_log WHERE organization_id = $1
         AND ($2::timestamptz IS NULL OR at >= $2) AND ($3::timestamptz IS NULL OR at <= $3) OFFSET 0) asked`,
    [organizationId, from ?? null, to ?? null],
  );
  const { first = null, last = null } = rows[0] ?? {};
  const after = from ? await entryBefore(db, organizationId, first ?? from) : undefined;
  const { seq } = after ?? beginning.after;
  return { after: after ?? beginning.after, to: to ? Math.max(seq, Number(last ?? 0)) : undefined };
}

/** The last entry before another, or, where a range has none, before a time. */
async function entryBefore(db: Database, organizationId: string, what: string | Date): Promise<Head | undefined> {
  const where = typeof what === "string" ? "seq < $2 ORDER BY seq DESC" : "at < $2 ORDER BY at DESC, seq DESC";
  const { rows } = await db.query<{ seq: string; hash: string }>(
    organizationId,
    `SELECT seq, encode(hash, 'hex') AS hash FROM security_audit_log WHERE organization_id = $1 AND ${where} LIMIT 1`,
    [organizationId, what],
  );
  return rows[0] && { seq: Number(rows[0].seq), hash: rows[0].hash };
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
