/** How much is kept of whom: each facet bounds its own state, so no profile grows for ever. */
import type { Tx } from "../../db.ts";

export interface ProfileSizes {
  /** USER, ADDRESS and so on. */
  kind: string;
  /** Entities that have a profile. */
  profiles: number;
  /** Bytes as JSON text; stored they are compressed. */
  median: number;
  p99: number;
  largest: number;
}

/** By kind, the most of them first. */
export async function profileSizes(tx: Tx): Promise<ProfileSizes[]> {
  const { rows } = await tx.query<ProfileSizes & Record<string, unknown>>(
    `SELECT kind, count(*)::int AS profiles, max(size)::int AS largest,
       percentile_disc(0.5) WITHIN GROUP (ORDER BY size)::int AS median, percentile_disc(0.99) WITHIN GROUP (ORDER BY size)::int AS p99
     FROM (SELECT kind, octet_length(coalesce(learned::text, profile::text)) AS size FROM entities
       WHERE organization_id = $1 AND coalesce(learned::text, profile::text) <> '{}') AS sizes
     GROUP BY kind ORDER BY profiles DESC, kind`,
    [tx.organizationId],
  );
  return rows;
}

/** "USER: 25 profiles of 4.1 kB, 99 of 100 within 6.0 kB, the largest 6.2 kB". */
export function sizeWords({ kind, profiles, median, p99, largest }: ProfileSizes): string {
  const kB = (bytes: number): string => `${(bytes / 1_000).toFixed(1)} kB`;
  return `${kind}: ${profiles} profiles of ${kB(median)}, 99 of 100 within ${kB(p99)}, the largest ${kB(largest)}`;
}
