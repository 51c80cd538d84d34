/** What a silence would keep quiet of what is open now: read in pieces, so that many open incidents fit. */
import type { Database } from "../db.ts";
import { checkMatchers, type Matchable, type Matcher, matches } from "./matcher.ts";

export interface SilencePreview {
  /** Open incidents looked at: all. */
  open: number;
  /** How many of them match. */
  matching: number;
  /** The ids of the latest that match. */
  latest: string[];
}

const piece = 5_000; // incidents a statement
const shown = 10;

const read = `SELECT i.id, i.severity, i.title, i.fingerprint, i.tags, i.subjects, r.reference AS rule
  FROM security_incidents i LEFT JOIN alert_rules r ON r.organization_id = i.organization_id AND r.id = i.rule_id
  WHERE i.organization_id = $1 AND i.open_fingerprint IS NOT NULL AND ($2::uuid IS NULL OR i.id < $2)
  ORDER BY i.id DESC LIMIT ${piece}`;

/** `counts`: whether one that matches does so for whoever asks. Errors: BAD_USER_INPUT (a matcher says nothing). */
export async function previewSilence(
  db: Pick<Database, "query">,
  organizationId: string,
  matchers: readonly Matcher[],
  counts: (incident: Matchable) => boolean = () => true,
): Promise<SilencePreview> {
  checkMatchers(matchers);
  const preview: SilencePreview = { open: 0, matching: 0, latest: [] };
  for (let before: string | null = null; ; ) {
    const { rows }: { rows: (Matchable & { id: string })[] } = await db.query(organizationId, read, [
      organizationId,
      before,
    ]);
    const found = rows.filter((incident) => matches(matchers, incident) && counts(incident));
    preview.open += rows.length;
    preview.matching += found.length;
    preview.latest.push(...found.slice(0, shown - preview.latest.length).map(({ id }) => id));
    const last = rows.at(-1);
    if (!last || rows.length < piece) return preview;
    before = last.id;
  }
}
