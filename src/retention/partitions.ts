/** Events go by whole days of all organizations together: dropping a partition costs milliseconds, whatever it holds. */
import type { Database } from "../db.ts";
import type { Log } from "../log.ts";
import { countExpiredEvents } from "./classes.ts";

export interface Dropped {
  partitions: number;
  /** Events that went with them, by organization; undefined: too many to be counted in time. */
  rows: ReadonlyMap<string, number> | undefined;
  /** Days are due, but a long statement holds the table: they go with the next run, and not row by row before it. */
  busy: boolean;
}

/** The day before which no organization keeps its events, and how many partitions lie wholly before it. */
export const duePartitions = `
  SELECT bound::text AS bound, (SELECT count(*)::int FROM event_partitions_before(bound)) AS due
  FROM event_partitions_bound($1) AS bound`;

const lockNotAvailable = "55P03";
const canceled = "57014"; // by the time limit of statements

/**
 * Drops the partitions that no organization's policy covers any longer; what open incidents name stays.
 */
export async function dropPartitions(db: Database, { now, log }: { now: number; log: Log }): Promise<Dropped> {
  const none: Dropped = { partitions: 0, rows: new Map(), busy: false };
  const organizationIds = await db.organizationIds();
  const [any] = organizationIds;
  if (!any) return none;
  const { rows: found } = await db.query<{ bound: string; due: number }>(any, duePartitions, [new Date(now)]);
  const { bound, due = 0 } = found[0] ?? {};
  if (due === 0) return none;
  const rows = await countBefore(db, organizationIds, `${bound}T00:00:00Z`);
  try {
    const dropped = await db.query(any, "SELECT drop_event_partitions($1::date)", [bound]);
    return dropped.rowCount ? { partitions: dropped.rowCount, rows, busy: false } : none;
  } catch (error) {
    if ((error as { code?: string }).code !== lockNotAvailable) throw error;
    log.warn("events past their retention stay until the next run: their table was busy");
    return { ...none, busy: true };
  }
}

/** A year of events may take longer to count than a statement may last: they go all the same. */
async function countBefore(
  db: Database,
  organizationIds: readonly string[],
  bound: string,
): Promise<Map<string, number> | undefined> {
  const rows = new Map<string, number>();
  try {
    for (const organizationId of organizationIds) {
      const counted = await db.query<{ rows: number }>(organizationId, countExpiredEvents, [bound]);
      rows.set(organizationId, counted.rows[0]?.rows ?? 0);
    }
    return rows;
  } catch (error) {
    if ((error as { code?: string }).code !== canceled) throw error;
    return undefined;
  }
}
