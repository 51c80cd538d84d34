/** Saying that somebody has an incident, from wherever they were told of it: escalations stop, and the timeline says who. */
import { audit } from "../access/audit.ts";
import { can } from "../access/permissions.ts";
import type { Role } from "../access/viewer.ts";
import type { Tx } from "../db.ts";
import { VigilError } from "../errors.ts";
import { acknowledgeIncident } from "../incident/change.ts";
import { livingOf } from "../incident/living.ts";
import { applyChange, type Changed, type ChangeInput, lockIncident } from "../incident/move.ts";
import { whoHas } from "./escalation-state.ts";
import { isCode, maskOf } from "./numbers.ts";

/**
 * Acknowledges, also again: where an acknowledgement has lasted too long and people are being called anew, it stops that.
 * Errors: NOT_FOUND, CONFLICT.
 */
export async function acknowledge(tx: Tx, input: ChangeInput & { how?: string | undefined }): Promise<Changed> {
  const { id, actor, now, how = "" } = input;
  const incident = await lockIncident(tx, input);
  if (incident.status !== "ACKNOWLEDGED") return acknowledgeIncident(tx, input);
  const { rowCount } = await tx.query({
    name: "acknowledge_again",
    text: `UPDATE escalations SET state = 'ACKNOWLEDGED', acknowledged_by = $3,
        due_at = $4::timestamptz + make_interval(secs => (policy ->> 'acknowledgeTimeoutS')::int)
      WHERE organization_id = $1 AND incident_id = $2 AND state = 'RUNNING'`,
    values: [tx.organizationId, id, actor, new Date(now)],
  });
  if (!rowCount) return acknowledgeIncident(tx, input); // it says why not
  const message = `${actor} acknowledged the incident again${how}.`;
  return applyChange(tx, input, { columns: "" }, { kind: "ACKNOWLEDGED", message });
}

/** An incident that somebody was told of, and what became of their word. */
export interface Answered {
  number: number;
  /** The numbers that they were told of, where those were merged into this one. */
  merged: number[];
  outcome: "ACKNOWLEDGED" | "ALREADY" | "OVER";
  /** Who has it. */
  by: string | null;
}

/** By what somebody acknowledges, as the timeline says it. */
export const ways = {
  LINK: " by the link in a message",
  SMS: " by answering an SMS",
  SLACK: " in Slack",
} as const;

/** Who may be answering, of those who were told. */
export interface Answerer {
  /** As the timeline names them. */
  actor: string;
  way: keyof typeof ways;
}

/**
 * Each of them, or that which it lives on in, in the order in which incidents are locked everywhere. What was acknowledged
 * stays so.
 */
export async function acknowledgeAll(
  tx: Tx,
  incidentIds: readonly string[],
  { actor, way }: Answerer,
  now: number,
): Promise<Answered[]> {
  const { rows: told } = await tx.query<{ number: number; livingId: string }>(
    `SELECT i.number, living.id AS "livingId" FROM security_incidents i CROSS JOIN LATERAL ${livingOf("i.id")} AS living
     WHERE i.organization_id = $1 AND i.id = ANY ($2::uuid[]) ORDER BY i.number`,
    [tx.organizationId, incidentIds],
  );
  const { rows } = await tx.query<{ id: string; number: number; status: string; by: string | null; called: boolean }>(
    `SELECT i.id, i.number, i.status, coalesce(${whoHas("i.id")}, i.acknowledged_by) AS by,
       EXISTS (SELECT FROM escalations e
         WHERE e.organization_id = $1 AND e.incident_id = i.id AND e.state = 'RUNNING') AS called
     FROM security_incidents i WHERE i.organization_id = $1 AND i.id = ANY ($2::uuid[])
     ORDER BY i.fingerprint, i.id FOR UPDATE OF i`,
    [tx.organizationId, told.map(({ livingId }) => livingId)],
  );
  // It was merged between the two: it lives on elsewhere.
  if (rows.some(({ status }) => status === "MERGED")) return acknowledgeAll(tx, incidentIds, { actor, way }, now);
  const answered: Answered[] = [];
  for (const { id, number, status, by, called } of rows) {
    const merged = told.flatMap((one) => (one.livingId === id && one.number !== number ? [one.number] : []));
    if (status === "OPEN" || (status === "ACKNOWLEDGED" && called)) {
      await acknowledge(tx, { id, actor, now, how: ways[way] });
      const detail = { way };
      await audit(tx, { actor, action: "INCIDENT_ACKNOWLEDGED", entityKind: "Incident", entityId: id, detail });
      answered.push({ number, merged, outcome: "ACKNOWLEDGED", by: actor });
    } else {
      const over = ["RESOLVED", "CLOSED"].includes(status);
      answered.push({ number, merged, outcome: over ? "OVER" : "ALREADY", by });
    }
  }
  return answered.sort((a, b) => a.number - b.number);
}

/**
 * Who answers from an address or number: the user whose it is, else the address itself, which an administrator chose to
 * tell. Errors: FORBIDDEN (the user is suspended, or may not acknowledge).
 */
export async function actorAt(
  tx: Tx,
  { userId, recipient, channel }: { userId: string | null; recipient: string; channel: string },
): Promise<string> {
  const { rows } = await tx.query<{ email: string; role: Role; suspended_at: Date | null }>(
    `SELECT email, role, suspended_at FROM users WHERE organization_id = $1
       AND CASE WHEN $2::uuid IS NOT NULL THEN id = $2 ELSE $3 <> '' AND (email = lower($3) OR phone = $3) END
     ORDER BY suspended_at NULLS FIRST, id LIMIT 1`,
    [tx.organizationId, userId, recipient],
  );
  const [user] = rows;
  if (!user) return (isCode(recipient) ? `The number ${maskOf(recipient)}` : recipient) || `Whoever reads ${channel}`;
  if (user.suspended_at) throw new VigilError("FORBIDDEN", "This user is suspended");
  if (!can(user.role, "incident.write"))
    throw new VigilError("FORBIDDEN", `The role ${user.role} may not acknowledge incidents`);
  return user.email;
}

/** What became of it, in words; `by` only where it is known who. */
export function inWords({ number, merged, outcome, by }: Answered): string {
  const told = merged.map((one) => `#${one}`).join(", ");
  const it = told ? `${told} ${merged.length > 1 ? "were" : "was"} merged into #${number}, which` : `#${number}`;
  if (outcome === "ACKNOWLEDGED") return `${it} is acknowledged: you have it.`;
  if (outcome === "OVER") return `${it} is over already.`;
  return by ? `${it} was acknowledged by ${by} already.` : `${it} was acknowledged already.`;
}
