/**
 * Weak signs: a new device, an odd hour. One by itself is mostly a new telephone or a late evening, so it adds to the
 * threat score and no more. Two of different rules about one user within a day are worth an incident, and where one
 * about the user is open already, a sign is a part of it.
 */
import type { Tx } from "../db.ts";
import type { DetectionDraft } from "../detect/detection.ts";
import type { Severity } from "../ingest/event.ts";

/** How far apart in time signs of one user belong together. */
export const togetherMs = 86_400_000;

/** Another detection about the same user. */
export interface Sign {
  detectionId: string;
  ruleId: string;
  /** Of its last event, epoch ms. */
  at: number;
  /** The fingerprint of its incident, while that is open; null: it has none, or somebody has dealt with it. */
  openFingerprint: string | null;
  /** It is weak too, and in no incident. */
  loose: boolean;
}

export type WeakVerdict =
  /** Nothing else was found about the user that is not dealt with: it only scores. */
  | { kind: "ALONE" }
  /** It is a part of the incident that gathers this fingerprint. */
  | { kind: "JOINS"; fingerprint: string }
  /** With what another rule found before, it makes an incident. */
  | { kind: "OPENS" };

/** Pure: what becomes of a weak sign, given what else was found about its user. */
export function weighWeak(
  draft: Pick<DetectionDraft, "id" | "ruleId" | "firstEventAt" | "lastEventAt">,
  signs: readonly Sign[],
): WeakVerdict {
  const near = signs.filter(
    ({ at, detectionId, ruleId }) =>
      (ruleId !== draft.ruleId || detectionId === draft.id) &&
      at >= draft.firstEventAt - togetherMs &&
      at <= draft.lastEventAt + togetherMs,
  );
  const open = near.filter(({ openFingerprint }) => openFingerprint !== null);
  const latest = open.reduce<Sign | undefined>((best, one) => (best && best.at >= one.at ? best : one), undefined);
  if (latest?.openFingerprint) return { kind: "JOINS", fingerprint: latest.openFingerprint };
  return near.some(({ loose, detectionId }) => loose && detectionId !== draft.id)
    ? { kind: "OPENS" }
    : { kind: "ALONE" };
}

/** Whom a weak sign is about: the user whose other signs count. */
export function userIn({ subjects }: Pick<DetectionDraft, "subjects">): string | undefined {
  return subjects.find(({ kind }) => kind === "USER")?.key;
}

/**
 * Where each draft is gathered, by its id: the fingerprint of its incident. Those that open none are left out. Reads the
 * database only where a weak sign is among the drafts.
 */
export async function homesOf(tx: Tx, drafts: readonly DetectionDraft[]): Promise<Map<string, string>> {
  const weak = drafts.filter((draft) => draft.mode === "ACTIVE" && draft.weak);
  return settleHomes(drafts, weak.length === 0 ? new Map() : await readSigns(tx, weak));
}

/** Pure. Drafts are taken in the order of their events, so that the cut of batches changes nothing. */
export function settleHomes(
  drafts: readonly DetectionDraft[],
  stored: ReadonlyMap<string, readonly Sign[]>,
): Map<string, string> {
  const homes = new Map<string, string>();
  const before: DetectionDraft[] = [];
  const loose: { draft: DetectionDraft; user: string }[] = [];
  for (const draft of inTime(drafts.filter(({ mode }) => mode === "ACTIVE"))) {
    const user = userIn(draft);
    if (!draft.weak) homes.set(draft.id, draft.fingerprint);
    else if (user !== undefined) {
      const verdict = weighWeak(draft, [...(stored.get(user) ?? []), ...signsIn(before, user, homes)]);
      if (verdict.kind === "ALONE") loose.push({ draft, user });
      else homes.set(draft.id, verdict.kind === "JOINS" ? verdict.fingerprint : draft.fingerprint);
    }
    before.push(draft);
  }
  // What opened after them takes them in.
  for (const { draft, user } of loose) {
    const verdict = weighWeak(draft, signsIn(before, user, homes));
    if (verdict.kind === "JOINS") homes.set(draft.id, verdict.fingerprint);
  }
  return homes;
}

function inTime(drafts: readonly DetectionDraft[]): DetectionDraft[] {
  return [...drafts].sort((one, other) => one.lastEventAt - other.lastEventAt || (one.id < other.id ? -1 : 1));
}

/** Detections of the batch about the user, as signs. */
function signsIn(drafts: readonly DetectionDraft[], user: string, homes: ReadonlyMap<string, string>): Sign[] {
  return drafts
    .filter(({ subjects }) => subjects.some(({ kind, key }) => kind === "USER" && key === user))
    .map(({ id, ruleId, lastEventAt }) => ({
      detectionId: id,
      ruleId,
      at: lastEventAt,
      openFingerprint: homes.get(id) ?? null,
      loose: !homes.has(id),
    }));
}

/** Of detections d: nobody has said that it was nothing. */
const notHarmless = "(d.resolution IS NULL OR d.resolution IN ('TRUE_POSITIVE', 'POLICY_VIOLATION'))";

/** What was found about the users of these drafts, by user; what a person has said is nothing does not count. */
async function readSigns(tx: Tx, weak: readonly DetectionDraft[]): Promise<Map<string, Sign[]>> {
  const users = [...new Set(weak.flatMap((draft) => userIn(draft) ?? []))];
  const { rows } = await tx.query<Omit<Sign, "at"> & { user: string; at: Date }>({
    name: "signs_of_users",
    text: `SELECT c.entity_key AS "user", c.detection_id AS "detectionId", c.rule_id AS "ruleId", c.at,
        i.open_fingerprint AS "openFingerprint", d.weak AND d.incident_id IS NULL AND ${notHarmless} AS loose
      FROM risk_contributions c JOIN detections d ON d.organization_id = c.organization_id AND d.id = c.detection_id
      LEFT JOIN security_incidents i ON i.organization_id = c.organization_id AND i.id = d.incident_id
      WHERE c.organization_id = $1 AND c.entity_kind = 'USER' AND c.entity_key = ANY ($2) AND c.withdrawn_at IS NULL
        AND c.at BETWEEN $3 AND $4 ORDER BY c.at`,
    values: [
      tx.organizationId,
      users,
      new Date(Math.min(...weak.map(({ firstEventAt }) => firstEventAt)) - togetherMs),
      new Date(Math.max(...weak.map(({ lastEventAt }) => lastEventAt)) + togetherMs),
    ],
  });
  const byUser = new Map<string, Sign[]>();
  for (const { user, at, ...sign } of rows)
    byUser.set(user, [...(byUser.get(user) ?? []), { ...sign, at: at.getTime() }]);
  return byUser;
}

/** A weak sign that an incident took in when it opened. */
export interface TakenIn {
  incidentId: string;
  severity: Severity;
  explanation: string;
  at: Date;
}

/** Incidents that open about a user take in the weak signs of the day before; answers what was taken in. */
export async function takeInSigns(
  tx: Tx,
  opened: readonly { incidentId: string; lead: Pick<DetectionDraft, "subjects" | "firstEventAt"> }[],
  now: number,
): Promise<TakenIn[]> {
  const about = opened.flatMap(({ incidentId, lead }) => {
    const user = userIn(lead);
    return user === undefined ? [] : [{ incidentId, user, since: lead.firstEventAt - togetherMs }];
  });
  if (about.length === 0) return [];
  const { rows } = await tx.query<TakenIn & Record<string, unknown>>({
    name: "take_in_signs",
    text: `UPDATE detections d SET incident_id = found.incident_id, updated_at = $5
      FROM (SELECT DISTINCT ON (c.detection_id) c.detection_id, o.incident_id
        FROM unnest($2::uuid[], $3::text[], $4::timestamptz[]) AS o(incident_id, "user", since)
        JOIN risk_contributions c ON c.organization_id = $1 AND c.entity_kind = 'USER' AND c.entity_key = o."user"
          AND c.withdrawn_at IS NULL AND c.at >= o.since
        ORDER BY c.detection_id, o.incident_id) found
      WHERE d.organization_id = $1 AND d.id = found.detection_id AND d.weak AND d.incident_id IS NULL AND d.mode = 'ACTIVE'
        AND ${notHarmless}
      RETURNING d.incident_id AS "incidentId", d.severity, d.explanation, d.last_event_at AS at`,
    values: [
      tx.organizationId,
      about.map(({ incidentId }) => incidentId),
      about.map(({ user }) => user),
      about.map(({ since }) => new Date(since)),
      new Date(now),
    ],
  });
  return rows.sort((one, other) => one.at.getTime() - other.at.getTime());
}

/** "Seen before, 2026-03-02 21:14 UTC: log-in at Monday 21:00 …" */
export function takenInWords({ explanation, at }: TakenIn): string {
  return `Seen before, ${at.toISOString().slice(0, 16).replace("T", " ")} UTC: ${explanation}`;
}
