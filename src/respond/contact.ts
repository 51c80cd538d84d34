/** Whether the users of incidents may be asked "was this you?" without a person, and where. */
import type { Tx } from "../db.ts";
import type { DueIncident } from "./due.ts";
import type { ResponseRule } from "./rule.ts";

/** For how long a question is open, and in which so many are asked of one user, ms. */
export const questionLifetime = 86_400_000; // 24 hours
export const questionsPerDay = 3; // more would be ignored
/** For how long whoever sends a question has it alone, ms: longer than an e-mail takes. */
export const questionLease = 60_000;
const remembered = 30 * 86_400_000; // 30 days

/** SQL: the address that the last event tells of the user `name` which did not fail, in the 30 days before `moment`. */
const toldBefore = (name: string, moment: string): string => `(SELECT coalesce(e.actor_email, e.actor_name)
  FROM realtime_monitoring e WHERE e.organization_id = $1 AND e.actor_name = ${name} AND e.outcome::text <> 'FAILURE'
    AND (e.actor_email IS NOT NULL OR e.actor_name ~ '^[^[:space:]@]+@[^[:space:]@]+$')
    AND e.time < ${moment} AND e.time > ${moment} - interval '${remembered} milliseconds' ORDER BY e.time DESC LIMIT 1)`;

/**
 * SQL: where the user `name` is reached; null: nobody knows. Whoever takes over an account may change its address, and
 * whoever fails to log in may name any. So what was told since the incident `began` is not believed, or attackers would
 * answer for their victims; and what was told in the day before it, only where nothing older is known. $1 is the
 * organization.
 */
export const contactBefore = (name: string, began: string): string => `coalesce(
  (SELECT u.email FROM users u WHERE u.organization_id = $1 AND lower(u.email) = lower(${name}) LIMIT 1),
  ${toldBefore(name, `(${began} - interval '1 day')`)},
  ${toldBefore(name, began)})`;

/** The address that a user's name is; undefined: it is none. */
export const asAddress = (user: string): string | undefined => (/^[^\s@]+@[^\s@]+$/.test(user) ? user : undefined);

/** Why users are not asked, by incident: `unaskable` is set on those that some rule may want to ask about. */
export async function readUnaskable(
  tx: Tx,
  incidents: readonly DueIncident[],
  { rules, canAsk, now }: { rules: readonly ResponseRule[]; canAsk: boolean; now: number },
): Promise<void> {
  if (!rules.some(({ mode, actions }) => mode !== "DISABLED" && actions.some(({ type }) => type === "ASK_USER")))
    return;
  const pairs = incidents.flatMap((incident) =>
    incident.subjects.flatMap(({ kind, key }) => (kind === "USER" ? [{ incident, user: key }] : [])),
  );
  if (pairs.length === 0) return;
  const { rows } = await tx.query<{ at: number; known: boolean; asked: boolean; recent: number }>({
    name: "who_may_be_asked",
    text: `SELECT w.at::int, ${contactBefore("w.name", "w.began")} IS NOT NULL AS known,
        EXISTS (SELECT FROM user_checks c WHERE c.organization_id = $1 AND c.incident_id = w.incident_id AND c.subject = w.name) AS asked,
        (SELECT count(*)::int FROM user_checks c WHERE c.organization_id = $1 AND c.subject = w.name AND c.created_at > $5) AS recent
      FROM unnest($2::text[], $3::uuid[], $4::timestamptz[]) WITH ORDINALITY AS w(name, incident_id, began, at)`,
    values: [
      tx.organizationId,
      pairs.map(({ user }) => user),
      pairs.map(({ incident }) => incident.id),
      pairs.map(({ incident }) => incident.firstEventAt),
      new Date(now - questionLifetime),
    ],
  });
  for (const { at, known, asked, recent } of rows) {
    const { incident, user } = pairs[at - 1] as (typeof pairs)[number];
    const why = !canAsk
      ? "This server sends no e-mail: SMTP_URL and VIGIL_PUBLIC_URL are not both set."
      : asked
        ? "They were asked about this incident already."
        : !known
          ? "No event before the incident tells where they are reached."
          : recent >= questionsPerDay
            ? `They were asked ${questionsPerDay} times within 24 hours.`
            : undefined;
    if (why) (incident.unaskable ??= new Map()).set(user, why);
  }
}
