/** How many messages a channel may still send in its minute, whichever processes send: what is on its way counts, too. */
import type { Tx } from "../db.ts";

/** What was counted of channels, by id, as this process remembers it. */
export type Counted = Map<string, { at: number; left: number }>;

const minute = 60_000;
/** Where less is left, whoever claims for the channel takes turns: eight at once cannot go beyond that without. */
const near = 256;
/** Where as much is left, a count is believed for a moment: counting reads all of a minute's messages. */
const plenty = 2_000;
const moment = 1_000; // ms
const mostRemembered = 10_000; // channels

/** In the transaction of a claim, after it: what others have claimed before is seen, and what they claim next will see this one. */
export async function leftOfMinute(
  tx: Tx,
  limits: ReadonlyMap<string, number>,
  { claim, counted, now }: { claim: string; counted: Counted; now: number },
): Promise<Map<string, number>> {
  const left = new Map<string, number>();
  const asked: string[] = [];
  for (const id of limits.keys()) {
    const known = counted.get(id);
    if (known && known.left >= plenty && Math.abs(now - known.at) < moment) left.set(id, known.left);
    else asked.push(id);
  }
  const look = async (ids: readonly string[]): Promise<void> => {
    for (const [id, used] of await usedOf(tx, ids, claim, now)) left.set(id, Math.max(0, (limits.get(id) ?? 0) - used));
  };
  if (asked.length > 0) await look(asked);
  const tight = asked.filter((id) => (left.get(id) ?? 0) < near).sort();
  if (tight.length > 0) {
    await tx.query(
      `SELECT pg_advisory_xact_lock(hashtextextended('vigil.minute:' || id, 0)) FROM unnest($1::text[]) WITH ORDINALITY AS c(id, place)
       ORDER BY place`,
      [tight],
    );
    await look(tight);
  }
  return left;
}

/** Notes what a claim took, so that this process need not count again at once. */
export function remember(
  counted: Counted,
  left: ReadonlyMap<string, number>,
  taken: readonly string[],
  now: number,
): void {
  if (counted.size > mostRemembered) counted.clear();
  for (const [id, before] of left) {
    const rest = before - taken.filter((channel) => channel === id).length;
    const known = counted.get(id);
    const isNew = !known || known.left !== before;
    counted.set(id, { at: isNew ? now : known.at, left: rest });
  }
}

async function usedOf(tx: Tx, ids: readonly string[], claim: string, now: number): Promise<[string, number][]> {
  // Messages that left within the minute, and those that any process has in hand, but for this claim. (SENDING has the status rank 1.)
  const { rows } = await tx.query<{ id: string; used: number }>({
    name: "channels_used",
    text: `WITH held AS MATERIALIZED (SELECT channel_id, message_id FROM security_alerts
        WHERE organization_id = $1 AND status_rank = 1 AND claim IS DISTINCT FROM $4::uuid)
      SELECT c.id, (SELECT count(DISTINCT a.message_id) FROM security_alerts a
          WHERE a.organization_id = $1 AND a.channel_id = c.id AND a.sent_at > $3)::int
        + (SELECT count(DISTINCT message_id) FROM held WHERE channel_id = c.id)::int AS used
      FROM unnest($2::uuid[]) AS c(id)`,
    values: [tx.organizationId, ids, new Date(now - minute), claim],
  });
  return rows.map(({ id, used }) => [id, used]);
}
