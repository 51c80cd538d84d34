/**
 * Cursors of the change feed: (transaction id, row id), which is the order in which changes may be shown. A reader takes
 * only rows of transactions below the oldest one still running, so a transaction that commits late is never skipped.
 */
import { VigilError } from "../errors.ts";

export interface Position {
  /** Which restore of the database the feed has begun behind, as decimal text; absent: it has seen none. */
  epoch?: string | undefined;
  /** pg's xid8, as decimal text. */
  xid: string;
  /** The row's number, as decimal text. */
  id: string;
  /**
   * pg's snapshot in which the cursor was given out, while older transactions were still running: what it shows was
   * there to be read already, though it stands behind the position.
   */
  seen?: string | undefined;
}

export function encodeCursor(position: Position): string {
  const seen = position.seen ? `:${position.seen}` : "";
  const format = position.epoch ? `2:${position.epoch}` : "1";
  return Buffer.from(`${format}:${position.xid}:${position.id}${seen}`).toString("base64url");
}

export function decodeCursor(cursor: string): Position {
  const match = /^(?:1|2:([1-9]\d{0,14})):(\d{1,20}):(\d{1,19})(?::(\d{1,20}:\d{1,20}:[\d,]{0,4000}))?$/.exec(
    Buffer.from(cursor, "base64url").toString("latin1"),
  );
  const [, epoch, xid, id, seen] = match ?? [];
  if (!xid || !id || BigInt(xid) > 18446744073709551615n || BigInt(id) > 9223372036854775807n) {
    throw new VigilError("BAD_USER_INPUT", "`after` is not a cursor that this server gave out.", { path: ["after"] });
  }
  return { ...(epoch ? { epoch } : {}), xid, id, ...(seen ? { seen } : {}) };
}

export function isCursor(text: string): boolean {
  try {
    return decodeCursor(text) !== undefined;
  } catch {
    return false;
  }
}

/** Whether `a` stands before `b` in the order of the feed. */
export function isBefore(a: Position, b: Position): boolean {
  const [left, right] = [BigInt(a.xid), BigInt(b.xid)];
  return left < right || (left === right && BigInt(a.id) < BigInt(b.id));
}

/** Whether a reader who has come to `position` was shown all that one who stands at `other` will not be shown any more. */
export function hasComeTo(position: Position, other: Position): boolean {
  if (position.epoch !== other.epoch || isBefore(position, other)) return false; // places of two epochs do not compare
  const { seen } = other;
  // Behind its place, `other` leaves out what its snapshot shows: that may be more than `position` was shown.
  return seen === undefined || seen === position.seen || BigInt(position.xid) >= BigInt(seen.split(":")[1] as string);
}

/** Whether a reader who has come to `position` has yet to be shown the change. */
export function isUnread(position: Position, change: Position): boolean {
  return isBefore(position, change) && !(position.seen !== undefined && isVisible(position.seen, change.xid));
}

/** pg_visible_in_snapshot: a snapshot is `xmin:xmax:running,…`. */
function isVisible(snapshot: string, xid: string): boolean {
  const [xmin, xmax, running] = snapshot.split(":") as [string, string, string];
  const id = BigInt(xid);
  return id < BigInt(xmin) || (id < BigInt(xmax) && !running.split(",").includes(xid));
}
