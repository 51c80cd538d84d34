import type { Database } from "../db.ts";
import { VigilError } from "../errors.ts";
import type { Log } from "../log.ts";
import { hashSecret, parseCredential, sameHash } from "./credential.ts";
import { createTtlCache, freshFor } from "./ttl-cache.ts";
import type { KeyRole, Viewer } from "./viewer.ts";

const cacheMaximum = 10_000; // keys
const touchEvery = 60_000; // 1 minute between two updates of last_used_at

interface KeyRow {
  name: string;
  role: KeyRole;
  scopes: string[] | null;
  secret_hash: Buffer;
  expires_at: Date | null;
  revoked_at: Date | null;
  last_used_at: Date | null;
}

const select = `
  SELECT name, role, scopes, secret_hash, expires_at, revoked_at, last_used_at
  FROM api_keys WHERE organization_id = $1 AND id = $2`;
const update = `
  UPDATE api_keys SET last_used_at = $3
  WHERE organization_id = $1 AND id = $2 AND (last_used_at IS NULL OR last_used_at <= $4)`;

/** Verifies API keys from a cache, so that a busy client costs a query every 2 seconds, and keeps last_used_at. */
export function createApiKeyCheck({ db, now, log }: { db: Database; now: () => number; log: Log }) {
  const cache = createTtlCache<Viewer>({ ttl: freshFor, maximum: cacheMaximum, now });

  async function load(text: string): Promise<Viewer> {
    const at = now();
    const { viewer, lastUsedAt } = await lookUp(db, text, at);
    if (lastUsedAt === undefined || at - lastUsedAt >= touchEvery) touch(viewer, at);
    return viewer;
  }

  // Nobody waits for it: a request must not fail because this does.
  function touch({ organizationId, id }: Viewer, at: number): void {
    db.query(organizationId, update, [organizationId, id, new Date(at), new Date(at - touchEvery)]).catch((error) =>
      log.warn({ err: String(error), apiKeyId: id }, "the last use of an API key was not recorded"),
    );
  }

  return {
    /** Tells whose an API key is; throws UNAUTHENTICATED for any but a good one. */
    async verify(text: string): Promise<Viewer> {
      // By hash, so that no secret lies in the memory longer than its request.
      const viewer = await cache.get(hashSecret(text).toString("base64"), () => load(text));
      if (viewer.expiresAt !== undefined && viewer.expiresAt <= now()) throw refusal("has expired");
      return { ...viewer };
    },
  };
}

async function lookUp(db: Database, text: string, now: number): Promise<{ viewer: Viewer; lastUsedAt?: number }> {
  const credential = parseCredential(text);
  if (credential?.kind !== "ingest" && credential?.kind !== "enforcer") throw refusal("is not valid");
  const { organizationId, id } = credential;
  const { rows } = await db.query<KeyRow>(organizationId, { name: "access_api_key", text: select }, [
    organizationId,
    id,
  ]);
  const [row] = rows;
  if (!row || !sameHash(row.secret_hash, hashSecret(text))) throw refusal("is not valid");
  if (row.revoked_at) throw refusal("was revoked");
  const expiresAt = row.expires_at?.getTime();
  if (expiresAt !== undefined && expiresAt <= now) throw refusal("has expired");
  const viewer: Viewer = { organizationId, kind: "API_KEY", id, name: row.name, role: row.role, expiresAt };
  if (row.scopes?.length) viewer.scopes = row.scopes;
  return row.last_used_at ? { viewer, lastUsedAt: row.last_used_at.getTime() } : { viewer };
}

function refusal(what: string): VigilError {
  return new VigilError("UNAUTHENTICATED", `The API key ${what}: make a new one with \`npx vigil api-key\``);
}
