/** The peer group of each user whose role or department was imported: for events that tell no role. */
import type { HistorySource } from "../backtest-read.ts";

export type PeerGroups = ReadonlyMap<string, string>;

/** By the user's key. */
export async function readPeerGroups({
  organizationId,
  query,
}: Pick<HistorySource, "organizationId" | "query">): Promise<PeerGroups> {
  const { rows } = await query<{ key: string; peer_group: string }>(
    `SELECT key, coalesce(roles[1], department) AS peer_group FROM entities
     WHERE organization_id = $1 AND kind = 'USER' AND coalesce(roles[1], department) IS NOT NULL`,
    [organizationId],
  );
  return new Map(rows.map(({ key, peer_group }) => [key, peer_group]));
}
