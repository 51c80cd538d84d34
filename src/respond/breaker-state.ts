/** Where the circuit breaker stands, what it counts, opening and closing it. */
import { audit } from "../access/audit.ts";
import type { Tx } from "../db.ts";
import { VigilError } from "../errors.ts";
import { reportIncident } from "../incident/report.ts";
import { notify } from "../publish/notify.ts";
import {
  breakerWindow,
  freeUsers,
  isSoft,
  type Load,
  leastRequests,
  type Traffic,
  trafficShare,
  userShare,
} from "./breaker.ts";
import type { ActionType } from "./rule.ts";

export interface Breaker {
  cap: number;
  openedAt: Date | null;
  reason: string | null;
  reported: boolean;
  /** When somebody last closed it: what was done before is not counted again. */
  resumedAt: Date | null;
}

export async function readBreaker(tx: Tx): Promise<Breaker> {
  const { rows } = await tx.query<Breaker>(
    `SELECT response_cap AS cap, breaker_opened_at AS "openedAt", breaker_reason AS reason, breaker_reported AS reported,
       breaker_resumed_at AS "resumedAt" FROM organizations WHERE id = $1`,
    [tx.organizationId],
  );
  if (!rows[0]) throw new Error("the organization is gone");
  return rows[0];
}

export interface RunningLoad extends Load {
  users: Set<string>;
  addresses: Map<string, Date>;
}

/** The automatic actions of the last 10 minutes. */
export async function readLoad(tx: Tx, { resumedAt }: Breaker, now: number): Promise<RunningLoad> {
  const { rows } = await tx.query<{ type: ActionType; scope: string | null; target: string; since: Date }>({
    name: "automatic_actions",
    text: `SELECT a.type, a.scope, a.target, i.first_event_at AS since FROM incident_actions a
      JOIN security_incidents i ON i.organization_id = $1 AND i.id = a.incident_id
      WHERE a.organization_id = $1 AND a.applied_at > $2 AND a.rule_id IS NOT NULL AND a.approved_by IS NULL`,
    values: [tx.organizationId, new Date(Math.max(now - breakerWindow, resumedAt?.getTime() ?? 0))],
  });
  const load: RunningLoad = { actions: 0, soft: 0, users: new Set(), addresses: new Map() };
  for (const row of rows) count(load, row);
  return load;
}

/** Adds an action that was done. */
export function count(
  load: RunningLoad,
  { type, scope, target, since }: { type: ActionType; scope: string | null; target: string; since: Date },
): void {
  load.actions++;
  if (isSoft(type)) {
    load.soft++;
    return;
  }
  if (scope === "USER") load.users.add(target);
  if (scope === "IP") load.addresses.set(target, since);
}

const none: Traffic = { activeUsers: 0, requests: 0, blockedRequests: 0 };

/** Counts no further than what decides, so that a busy day costs no more than a quiet one. */
export async function readTraffic(
  tx: Tx,
  {
    load,
    action,
    now,
  }: {
    load: RunningLoad;
    action: { type: ActionType; scope: string | null; target: string; since: Date };
    now: number;
  },
): Promise<Traffic> {
  const users = new Set([...load.users, ...(action.scope === "USER" && !isSoft(action.type) ? [action.target] : [])])
    .size;
  const activeUsers = users > freeUsers ? await countUsers(tx, Math.ceil(users / userShare), now) : 0;
  if (action.type !== "BLOCK_IP") return { ...none, activeUsers };
  const blocked = new Map(load.addresses).set(action.target, action.since);
  const { rows } = await tx.query<{ blocked: number }>({
    name: "blocked_requests",
    // What the attack itself sent is not somebody's lost work: only what succeeded in the day before it counts.
    text: `SELECT coalesce(sum((SELECT count(*) FROM realtime_monitoring e WHERE e.organization_id = $1 AND e.source_ip = b.address
          AND e.outcome <> 'FAILURE' AND e.time < b.since AND e.time >= b.since - interval '24 hours')), 0)::int AS blocked
      FROM unnest($2::inet[], $3::timestamptz[]) AS b(address, since)`,
    values: [tx.organizationId, [...blocked.keys()], [...blocked.values()]],
  });
  const blockedRequests = rows[0]?.blocked ?? 0;
  if (blockedRequests === 0) return { ...none, activeUsers };
  const enough = Math.max(leastRequests, Math.ceil(blockedRequests / trafficShare));
  const { rows: all } = await tx.query<{ requests: number }>(
    `SELECT count(*)::int AS requests FROM (SELECT FROM realtime_monitoring WHERE organization_id = $1 AND time >= $2 AND time < $3
       LIMIT $4) AS day`,
    [tx.organizationId, new Date(now - 86_400_000), new Date(now), enough],
  );
  return { activeUsers, requests: all[0]?.requests ?? 0, blockedRequests };
}

/** Steps from name to name through the index on them. */
async function countUsers(tx: Tx, enough: number, now: number): Promise<number> {
  const { rows } = await tx.query<{ users: number }>(
    `WITH RECURSIVE step AS (
       (SELECT actor_name AS name, 1 AS n FROM realtime_monitoring WHERE organization_id = $1 AND actor_name IS NOT NULL
          AND time >= $2 ORDER BY actor_name LIMIT 1)
       UNION ALL
       SELECT next.name, step.n + 1 FROM step, LATERAL (SELECT actor_name AS name FROM realtime_monitoring
          WHERE organization_id = $1 AND actor_name > step.name AND time >= $2 ORDER BY actor_name LIMIT 1) next
       WHERE step.n < $3
     ) SELECT count(*)::int AS users FROM step`,
    [tx.organizationId, new Date(now - 86_400_000), enough],
  );
  return rows[0]?.users ?? 0;
}

/** No automatic action from here on, until a person says so. `reportBreaker` tells people. */
export async function openBreaker(tx: Tx, reason: string, now: number): Promise<void> {
  await tx.query(
    `UPDATE organizations SET breaker_opened_at = $2, breaker_reason = $3, breaker_reported = false
     WHERE id = $1 AND breaker_opened_at IS NULL`,
    [tx.organizationId, new Date(now), reason],
  );
  const entry = { actor: "vigil", entityKind: "Organization", entityId: tx.organizationId };
  await audit(tx, { ...entry, action: "RESPONSE_BREAKER_OPENED", detail: { reason } });
}

/** Each time has an incident of its own: one that is open still, from the time before, would tell nobody. */
const fingerprintOf = (openedAt: Date): string => `vigil:response-breaker:${openedAt.toISOString()}`;

/** Opens an incident of Vigil's own and tells every administrator; once for each time the breaker opens. */
export async function reportBreaker(tx: Tx, now: number): Promise<void> {
  const untold = "id = $1 AND breaker_opened_at IS NOT NULL AND NOT breaker_reported";
  const { rowCount } = await tx.query(`SELECT FROM organizations WHERE ${untold}`, [tx.organizationId]);
  if (rowCount === 0) return;
  // Before the organization's row, as whoever opens an incident does: each would wait for the other otherwise.
  await tx.query("SELECT pg_advisory_xact_lock(hashtextextended('vigil.open:' || $1, 0))", [tx.organizationId]);
  const { rows } = await tx.query<{ openedAt: Date; reason: string | null }>(
    `UPDATE organizations SET breaker_reported = true WHERE ${untold}
     RETURNING breaker_opened_at AS "openedAt", breaker_reason AS reason`,
    [tx.organizationId],
  );
  const [opened] = rows;
  if (!opened) return;
  const title = "Automatic response has stopped: the circuit breaker is open";
  const message = `${opened.reason} No action is done automatically until somebody resumes it (responseBreakerResume).`;
  const report = {
    title,
    severity: "CRITICAL" as const,
    fingerprint: fingerprintOf(opened.openedAt),
    threatScore: 100,
    subjects: [],
    tags: [],
    message,
  };
  const { id: incidentId } = await reportIncident(tx, { ...report, actor: "vigil", now });
  const notice = {
    cause: `breaker ${opened.openedAt.toISOString()}`,
    kind: "response.breaker" as const,
    to: { roles: ["ADMIN"] },
    priority: "CRITICAL" as const,
    title,
    body: message,
    incidentId,
  };
  await notify(tx, [notice], now);
}

/** Automatic actions are done again, counted anew. Errors: CONFLICT. */
export async function resumeBreaker(
  tx: Tx,
  { auditActor, reason, now }: { auditActor: string; reason: string; now: number },
): Promise<void> {
  const { rows } = await tx.query<{ was: string | null }>(
    `UPDATE organizations o SET breaker_opened_at = NULL, breaker_reason = NULL, breaker_resumed_at = $2 FROM organizations old
     WHERE o.id = $1 AND old.id = o.id AND old.breaker_opened_at IS NOT NULL RETURNING old.breaker_reason AS was`,
    [tx.organizationId, new Date(now)],
  );
  if (rows.length === 0) throw new VigilError("CONFLICT", "The circuit breaker is closed.", { path: [] });
  const entry = { actor: auditActor, entityKind: "Organization", entityId: tx.organizationId };
  await audit(tx, { ...entry, action: "RESPONSE_BREAKER_RESUMED", detail: { reason, was: rows[0]?.was } });
}
