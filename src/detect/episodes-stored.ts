/** The stored detections that were under way lately, as a detector takes them back. */
import type { Tx } from "../db.ts";
import type { Subject } from "./detection.ts";
import type { StoredEpisode } from "./windows/windows.ts";

export interface EpisodeRow {
  id: string;
  rule_id: string;
  fingerprint: string;
  first_event_at: Date;
  last_event_at: Date;
  event_count: number;
  event_ids: string[];
  subjects: Subject[];
}

export const episodeColumns =
  "id, rule_id, fingerprint, first_event_at, last_event_at, event_count, event_ids, subjects";

export function episodeOf(row: EpisodeRow): StoredEpisode & { ruleId: string } {
  return {
    id: row.id,
    ruleId: row.rule_id,
    fingerprint: row.fingerprint,
    firstEventAt: row.first_event_at.getTime(),
    lastEventAt: row.last_event_at.getTime(),
    eventCount: row.event_count,
    eventIds: row.event_ids,
    subjects: row.subjects,
  };
}

/** Those that grew since then, epoch ms. */
export async function readEpisodes(tx: Tx, since: number): Promise<(StoredEpisode & { ruleId: string })[]> {
  const { rows } = await tx.query<EpisodeRow>(
    `SELECT ${episodeColumns} FROM detections WHERE organization_id = $1 AND updated_at >= $2 AND kept_of IS NULL`,
    [tx.organizationId, new Date(since)],
  );
  return rows.map(episodeOf);
}
