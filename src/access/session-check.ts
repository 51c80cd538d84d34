import type { Database } from "../db.ts";
import { VigilError } from "../errors.ts";
import type { Log } from "../log.ts";
import { hashSecret, parseCredential, sameHash } from "./credential.ts";
import { endSession } from "./sessions.ts";
import { createTtlCache, freshFor } from "./ttl-cache.ts";
import type { PeopleRole, Viewer } from "./viewer.ts";

const cacheMaximum = 10_000; // sessions
const touchEvery = 60_000; // 1 minute between two updates of last_used_at

interface SessionRow {
  user_id: string;
  secret_hash: Buffer;
  expires_at: Date;
  last_used_at: Date;
  second_factor_at: Date | null;
  ended_at: Date | null;
  email: string;
  role: PeopleRole;
  suspended_at: Date | null;
  session_idle_minutes: number;
  second_factor_required: boolean;
}

const select = `
  SELECT s.user_id, s.secret_hash, s.expires_at, s.last_used_at, s.second_factor_at, s.ended_at,
    u.email, u.role, u.suspended_at, o.session_idle_minutes, o.second_factor_required
  FROM sessions s
    JOIN users u ON u.organization_id = s.organization_id AND u.id = s.user_id
    JOIN organizations o ON o.id = s.organization_id
  WHERE s.organization_id = $1 AND s.id = $2`;
const touch = `
  UPDATE sessions SET last_used_at = $3
  WHERE organization_id = $1 AND id = $2 AND ended_at IS NULL AND last_used_at <= $4`;

interface Kept {
  viewer: Viewer;
  idleMs: number;
  lastUsedAt: number;
}

/** Verifies sessions from a short-lived cache, keeps their last use, and ends those that nobody has used for too long. */
export function createSessionCheck({ db, now, log }: { db: Database; now: () => number; log: Log }) {
  const cache = createTtlCache<Kept>({ ttl: freshFor, maximum: cacheMaximum, now });

  async function load(text: string): Promise<Kept> {
    const credential = parseCredential(text);
    if (credential?.kind !== "session") throw refusal("is not valid");
    const { organizationId, id } = credential;
    const statement = { name: "access_session", text: select };
    const [row] = (await db.query<SessionRow>(organizationId, statement, [organizationId, id])).rows;
    if (!row || !sameHash(row.secret_hash, hashSecret(text))) throw refusal("is not valid");
    if (row.suspended_at) throw new VigilError("UNAUTHENTICATED", "This user is suspended: ask your administrator");
    if (row.ended_at) throw refusal("has ended");
    const viewer: Viewer = {
      organizationId,
      kind: "USER",
      id: row.user_id,
      name: row.email,
      role: row.role,
      expiresAt: row.expires_at.getTime(),
      sessionId: id,
    };
    if (row.second_factor_at) viewer.secondFactor = "GIVEN";
    else if (row.second_factor_required) viewer.secondFactor = "MISSING";
    return { viewer, idleMs: row.session_idle_minutes * 60_000, lastUsedAt: row.last_used_at.getTime() };
  }

  async function endIdle({ viewer, idleMs }: Kept, at: number): Promise<void> {
    const { organizationId, sessionId: id = "", name: actor } = viewer;
    const end = { id, actor, reason: "IDLE" as const, now: at, idleSince: at - idleMs };
    await db.inOrganization(organizationId, (tx) => endSession(tx, end));
  }

  // Nobody waits for it: a request must not fail because this does.
  function keepUse({ organizationId, sessionId }: Viewer, at: number): void {
    db.query(organizationId, touch, [organizationId, sessionId, new Date(at), new Date(at - touchEvery)]).catch(
      (error) => log.warn({ err: String(error), sessionId }, "the last use of a session was not recorded"),
    );
  }

  return {
    /** `use`: whether this is the user's doing; a look at a credential behind an open socket is not. */
    async verify(text: string, use: boolean): Promise<Viewer> {
      const known = await cache.get(hashSecret(text).toString("base64"), () => load(text));
      // Whoever has just given the second factor, or come back by another server, need not wait until this is forgotten.
      const isOutdated = known.viewer.secondFactor === "MISSING" || now() - known.lastUsedAt >= known.idleMs;
      const kept = isOutdated ? await load(text) : known;
      const at = now();
      if ((kept.viewer.expiresAt ?? 0) <= at) throw refusal("has ended: it is 12 hours old");
      if (at - kept.lastUsedAt >= kept.idleMs) {
        await endIdle(kept, at);
        throw refusal(`has ended: nobody used it for ${kept.idleMs / 60_000} minutes`);
      }
      if (use && at - kept.lastUsedAt >= touchEvery) {
        kept.lastUsedAt = at;
        keepUse(kept.viewer, at);
      }
      return { ...kept.viewer };
    },
  };
}

function refusal(what: string): VigilError {
  return new VigilError("UNAUTHENTICATED", `Your session ${what}. Sign in again`);
}
