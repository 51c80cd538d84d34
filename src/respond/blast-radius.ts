/** Whom an action would have hit in the last 24 hours, counted from the stored events (R11). */
import type { Tx } from "../db.ts";
import type { Target } from "./target.ts";

export interface BlastRadius {
  /** People whose requests would have been hit. */
  users: number;
  sessions: number;
  requests: number;
}

const day = 86_400_000;

const counts = `count(DISTINCT coalesce(actor_name, actor_email, actor_id))::int AS users,
  count(DISTINCT session_id)::int AS sessions, count(*)::int AS requests
  FROM realtime_monitoring WHERE organization_id = $1 AND time > $2 AND time <= $3`;

/** Where the events that a target stands for are found; those of addresses and names by an index. */
const conditions: Record<Target["scope"], string[]> = {
  IP: ["source_ip = $4::inet"],
  RANGE: ["source_ip >= host(network($4::inet))::inet AND source_ip <= host(broadcast($4::inet))::inet"],
  // A user is known by name, else by e-mail address, else by id; the latter two are looked for where there is no name.
  USER: ["actor_name = ANY ($4)", "actor_name IS NULL AND coalesce(actor_email, actor_id) = ANY ($4)"],
  SESSION: ["session_id = $4"],
};

export async function blastRadius(tx: Tx, { scope, value }: Target, now: number): Promise<BlastRadius> {
  const whom = scope === "USER" ? await namesOf(tx, value) : value;
  let found: BlastRadius = { users: 0, sessions: 0, requests: 0 };
  for (const condition of conditions[scope]) {
    const { rows } = await tx.query<BlastRadius & Record<string, unknown>>(`SELECT ${counts} AND ${condition}`, [
      tx.organizationId,
      new Date(now - day),
      new Date(now),
      whom,
    ]);
    found = rows[0] ?? found;
    if (found.requests > 0) break;
  }
  const users = scope === "USER" ? Math.min(found.users, 1) : found.users; // one, by whichever names
  return { users, sessions: found.sessions, requests: found.requests };
}

/** All names of a user: what is decided of one is about each. */
async function namesOf(tx: Tx, user: string): Promise<string[]> {
  const { rows } = await tx.query<{ name: string }>(
    `SELECT DISTINCT other.name FROM entities e, unnest(e.key || e.aliases) AS other(name)
     WHERE e.organization_id = $1 AND e.kind = 'USER' AND e.aliases <> ARRAY[]::text[]
       AND EXISTS (SELECT FROM unnest(e.key || e.aliases) AS own(name) WHERE lower(own.name) = lower($2))`,
    [tx.organizationId, user],
  );
  return [...new Set([user, ...rows.map(({ name }) => name)])];
}
