/** The ids that senders gave their events are kept as long as the events, to know what comes again. */
import type { Database } from "../db.ts";

const batch = 20_000; // rows, well within the time of one statement
const mostBatches = 500; // in one run: the next goes on

/** Forgets those past the retention of events, each batch by itself: what went stays gone. `now` in epoch ms. */
export async function forgetEventKeys(db: Database, organizationId: string, now: number): Promise<void> {
  const { rows } = await db.query<{ cutoff: Date }>(
    organizationId,
    "SELECT retention_cutoff('EVENTS', $1::timestamptz) AS cutoff",
    [new Date(now)],
  );
  for (let batches = 0; batches < mostBatches; batches++) {
    const { rowCount } = await db.query(
      organizationId,
      `DELETE FROM event_keys WHERE organization_id = $1 AND ctid = ANY (ARRAY(
         SELECT ctid FROM event_keys WHERE organization_id = $1 AND received_at < $2 LIMIT ${batch}))`,
      [organizationId, rows[0]?.cutoff],
    );
    if ((rowCount ?? 0) < batch) break;
  }
}
