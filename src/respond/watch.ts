/**
 * What INCREASE_MONITORING changes in what is detected: while it is in force for a user or an address, counts of what they
 * do fire at half of their threshold, rules that only monitor and weak signs open incidents too, and every detection about
 * them that would have been there anyway is one step more severe. So whoever is under suspicion is seen at thresholds that
 * would be too loud for everybody. A detection that was there before is no more severe for it.
 */
import { networkOf } from "../address.ts";
import type { Tx } from "../db.ts";
import type { WatchedAmong } from "../detect/correlation/lower.ts";
import type { DetectionDraft, Subject } from "../detect/detection.ts";
import { type SecurityEvent, severities } from "../ingest/event.ts";

const inForce = "type = 'INCREASE_MONITORING' AND revoked_at IS NULL AND expires_at > $3";
const kinds: Record<string, string> = { IP: "ADDRESS", RANGE: "ADDRESS", USER: "USER" };

/** Since when subjects are watched, as `KIND:key`. */
type Watched = ReadonlyMap<string, Date>;
type Watchers = (...of: Parameters<WatchedAmong>) => Promise<Watched>;

/** Who is watched at `now` (epoch ms), for one batch: nobody is asked for twice. */
export function watchers(tx: Tx, now: number): Watchers {
  const asked = new Set<string>();
  const watched = new Map<string, Date>();
  let answered: Promise<void> = Promise.resolve();
  async function ask(fresh: ReadonlySet<string>): Promise<void> {
    // Asked for about an IPv6 network, it is about each address in it.
    const within = new Map<string, string[]>();
    for (const key of fresh) {
      const network = networkOf(key);
      if (network !== undefined) within.set(network, [...(within.get(network) ?? []), key]);
    }
    // Asked for under one of a user's names, it is about each of them.
    const { rows } = await tx.query<{ scope: string; value: string; aliases: string[]; since: Date }>({
      name: "watched_subjects",
      text: `SELECT scope, value, aliases, created_at AS since FROM decisions
          WHERE organization_id = $1 AND value = ANY ($2) AND ${inForce}
        UNION ALL
        SELECT scope, value, aliases, created_at FROM decisions WHERE organization_id = $1 AND ${inForce}
          AND aliases <> ARRAY[]::text[] AND aliases && $2::text[]`,
      values: [tx.organizationId, [...fresh, ...within.keys()], new Date(now)],
    });
    for (const { scope, value, aliases, since } of rows)
      for (const name of [value, ...aliases, ...(within.get(value) ?? [])]) {
        const subject = `${kinds[scope]}:${name}`;
        const before = watched.get(subject);
        watched.set(subject, before && before < since ? before : since);
      }
  }
  return async (subjects) => {
    const fresh = new Set<string>();
    for (const { kind, key } of subjects)
      if ((kind === "ADDRESS" || kind === "USER") && !asked.has(key)) fresh.add(key);
    for (const key of fresh) asked.add(key);
    if (fresh.size > 0) answered = Promise.all([answered, ask(fresh)]).then(() => undefined);
    await answered;
    return watched;
  };
}

/** Who acted in these events, and from where: most of whom detections will be about. */
export function actorsOf(events: readonly SecurityEvent[]): Subject[] {
  const keys = { USER: new Set<string>(), ADDRESS: new Set<string>() };
  for (const { actor, source } of events) {
    const name = actor?.name ?? actor?.email ?? actor?.id;
    if (name !== undefined) keys.USER.add(name);
    if (source?.ip !== undefined) keys.ADDRESS.add(source.ip);
  }
  return (["USER", "ADDRESS"] as const).flatMap((kind) => [...keys[kind]].map((key) => ({ kind, key })));
}

/** Asks once for the whole batch, and not at all when nothing was detected. */
export async function weighWatched(
  tx: Tx,
  drafts: readonly DetectionDraft[],
  watchedAmong: Watchers,
): Promise<readonly DetectionDraft[]> {
  if (drafts.length === 0) return drafts;
  const watched = await watchedAmong(drafts.flatMap(({ subjects }) => subjects));
  if (watched.size === 0) return drafts;
  const known = await foundBefore(tx, drafts, watched);
  return drafts.map((draft) => weigh(draft, watched, known));
}

/** Of those that go on the ids of those that were found before whom they are about was watched. */
async function foundBefore(tx: Tx, drafts: readonly DetectionDraft[], watched: Watched): Promise<ReadonlySet<string>> {
  const goOn = drafts.flatMap(({ id, opened, subjects }) => {
    const times = subjects.flatMap(({ kind, key }) => watched.get(`${kind}:${key}`)?.getTime() ?? []);
    return opened || times.length === 0 ? [] : [{ id, since: new Date(Math.min(...times)) }];
  });
  if (goOn.length === 0) return new Set();
  const { rows } = await tx.query<{ id: string }>({
    name: "found_before_watched",
    text: `SELECT d.id FROM unnest($2::uuid[], $3::timestamptz[]) AS w(id, since)
      JOIN detections d ON d.organization_id = $1 AND d.id = w.id AND d.created_at <= w.since`,
    values: [tx.organizationId, goOn.map(({ id }) => id), goOn.map(({ since }) => since)],
  });
  return new Set(rows.map(({ id }) => id));
}

/** One draft, given who is watched, and the ids of those that were found before that. */
function weigh(draft: DetectionDraft, watched: Watched, known: ReadonlySet<string>): DetectionDraft {
  const subject = draft.subjects.find(({ kind, key }) => watched.has(`${kind}:${key}`));
  if (!subject || draft.mode === "DISABLED") return draft;
  // What reaches the lower threshold only would not be there otherwise: that is more than enough. And what led to the
  // watch is no worse for it, or each incident that has somebody watched would be raised by its own next event.
  if (draft.lowered || known.has(draft.id)) return { ...draft, mode: "ACTIVE", weak: false };
  const severity =
    severities[Math.min(severities.indexOf(draft.severity) + 1, severities.length - 1)] ?? draft.severity;
  const why = `${subject.key} is under increased monitoring: ${draft.severity} counts as ${severity}.`;
  return { ...draft, mode: "ACTIVE", weak: false, severity, explanation: `${draft.explanation}. ${why}` };
}
