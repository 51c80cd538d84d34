/**
 * Which running transactions belong to other databases of the PostgreSQL cluster. Snapshots name the transactions of all
 * databases, and one that runs for minutes next door would keep every follower here waiting for as long.
 */
import type { Database } from "../db.ts";

export interface Elsewhere {
  /** Ids (xid8 as decimal text) of transactions that are known to be of another database: that never changes. */
  known(): string[];
  /** Looks at the transactions that run now; answers whether some turned out to be of another database. */
  look(organizationId: string): Promise<boolean>;
}

const most = 1_000; // ids kept

// Whoever has a transaction id holds the lock on it; pg_locks and the database of a process are for everybody to see.
const running = `
SELECT x::text AS xid FROM pg_snapshot_xip(pg_current_snapshot()) AS x
  JOIN pg_locks l ON l.locktype = 'transactionid' AND l.transactionid = x::xid AND l.mode = 'ExclusiveLock' AND l.granted
  JOIN pg_stat_activity a ON a.pid = l.pid
  WHERE a.datid <> (SELECT oid FROM pg_database WHERE datname = current_database())`;

export function createElsewhere(db: Pick<Database, "query">): Elsewhere {
  const found = new Set<string>(); // in the order in which they were seen
  return {
    known: () => [...found],
    async look(organizationId) {
      const { rows } = await db.query<{ xid: string }>(organizationId, { name: "running_elsewhere", text: running });
      const fresh = rows.filter(({ xid }) => !found.has(xid));
      for (const { xid } of fresh) found.add(xid);
      for (const xid of found) {
        if (found.size <= most) break;
        found.delete(xid);
      }
      return fresh.length > 0;
    },
  };
}
