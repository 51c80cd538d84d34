import { validate as isUuid, v7 } from "uuid";
import type { Tx } from "../db.ts";
import { VigilError } from "../errors.ts";
import { audit } from "./audit.ts";
import { formatCredential, hashSecret } from "./credential.ts";
import { readName } from "./input.ts";
import { can, permissions, permissionsOf } from "./permissions.ts";
import type { KeyRole } from "./viewer.ts";

export interface ApiKeyInput {
  name: string;
  role: KeyRole;
  /** The only permissions of its role that it gets; absent or empty: all of them. */
  scopes?: readonly string[];
  /** Epoch ms; absent: until revoked. */
  expiresAt?: number;
  /** Who asked for it. */
  actor: string;
  /** Epoch ms. */
  now: number;
}

const insert = `
  INSERT INTO api_keys (organization_id, id, name, role, secret_hash, created_at, expires_at, scopes)
  VALUES ($1, $2, $3, $4::role, $5, $6, $7, $8)`;

/** Makes an API key. The secret is in this answer and nowhere else: only its hash is stored. */
export async function createApiKey(tx: Tx, input: ApiKeyInput): Promise<{ id: string; secret: string }> {
  const { role, actor, now, expiresAt } = input;
  const name = readName(input.name);
  if (expiresAt !== undefined && !(expiresAt > now)) {
    throw new VigilError("BAD_USER_INPUT", "An API key expires in the future", { path: ["expiresAt"] });
  }
  const scopes = readScopes(role, input.scopes ?? []);
  const id = v7();
  const kind = role === "INGEST" ? "ingest" : "enforcer";
  const secret = formatCredential({ kind, organizationId: tx.organizationId, id });
  const expires = expiresAt === undefined ? null : new Date(expiresAt);
  await tx.query(insert, [tx.organizationId, id, name, role, hashSecret(secret), new Date(now), expires, scopes]);
  const detail = { name, role, scopes, expiresAt: expires?.toISOString() ?? null };
  await audit(tx, { actor, action: "API_KEY_CREATED", entityKind: "ApiKey", entityId: id, detail });
  return { id, secret };
}

/** Revokes an API key; it stops within 5 seconds on every server. Revoking it again changes nothing. */
export async function revokeApiKey(tx: Tx, id: string, actor: string, now: number): Promise<void> {
  if (!isUuid(id)) throw unknownKey();
  const { rows } = await tx.query<{ name: string }>(
    "UPDATE api_keys SET revoked_at = $3 WHERE organization_id = $1 AND id = $2 AND revoked_at IS NULL RETURNING name",
    [tx.organizationId, id, new Date(now)],
  );
  if (rows[0]) {
    const detail = { name: rows[0].name };
    await audit(tx, { actor, action: "API_KEY_REVOKED", entityKind: "ApiKey", entityId: id, detail });
    return;
  }
  const known = await tx.query("SELECT 1 FROM api_keys WHERE organization_id = $1 AND id = $2", [
    tx.organizationId,
    id,
  ]);
  if (known.rowCount === 0) throw unknownKey();
}

function readScopes(role: KeyRole, scopes: readonly string[]): string[] {
  const foreign = scopes.find((scope) => !permissions.some((known) => known === scope && can(role, known)));
  if (foreign === undefined) return [...new Set(scopes)];
  const message = `The scopes of a key of role ${role} are some of: ${permissionsOf(role).join(", ")}`;
  throw new VigilError("BAD_USER_INPUT", message, { path: ["scopes"] });
}

function unknownKey(): VigilError {
  return new VigilError("NOT_FOUND", "There is no such API key");
}
