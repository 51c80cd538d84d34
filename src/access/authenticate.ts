import { decodeJwt, decodeProtectedHeader } from "jose";
import { validate as isUuid } from "uuid";
import type { Database } from "../db.ts";
import { VigilError } from "../errors.ts";
import type { Log } from "../log.ts";
import { createApiKeyCheck } from "./api-key-check.ts";
import { audit } from "./audit.ts";
import { credentialPrefix, hashSecret, parseCredential } from "./credential.ts";
import type { IdentityClaims, IdentityProvider } from "./identity-provider.ts";
import { isWithin } from "./permissions.ts";
import { type Refusal, type RefusalLog, stranger } from "./refusals.ts";
import { createSessionCheck } from "./session-check.ts";
import type { TokenVerifier } from "./tokens.ts";
import { createTtlCache, freshFor } from "./ttl-cache.ts";
import { cliSubject, type PeopleRole, type Viewer } from "./viewer.ts";

const cacheMaximum = 10_000; // users

interface UserRow {
  id: string;
  email: string;
  role: PeopleRole;
  suspended_at: Date | null;
  second_factor_required: boolean;
}

export interface Authenticator {
  /**
   * Tells who sent a credential (an API key, a session or a token); throws UNAUTHENTICATED when nobody we know.
   * `use: false`: a look at a credential behind an open stream, which keeps no session awake.
   */
  authenticate(credential: string, options?: { use?: boolean }): Promise<Viewer>;
}

const userSelect = (column: "id" | "email"): string => `
  SELECT u.id, u.email, u.role, u.suspended_at, o.second_factor_required
  FROM users u JOIN organizations o ON o.id = u.organization_id
  WHERE u.organization_id = $1 AND u.${column} = $2`;

export function createAuthenticator(options: {
  db: Database;
  tokens: TokenVerifier;
  identityProvider?: IdentityProvider | undefined;
  refusals: RefusalLog;
  now: () => number;
  log: Log;
}): Authenticator {
  const { db, tokens, identityProvider, refusals, now, log } = options;
  const apiKeys = createApiKeyCheck({ db, now, log });
  const sessions = createSessionCheck({ db, now, log });
  const users = createTtlCache<UserRow | undefined>({ ttl: freshFor, maximum: cacheMaximum, now });
  const signedIn = createTtlCache<void>({ ttl: 86_400_000, maximum: cacheMaximum, now });
  const slugs = createTtlCache<string | undefined>({ ttl: 60_000, maximum: cacheMaximum, now });

  function findUser(organizationId: string, column: "id" | "email", value: string): Promise<UserRow | undefined> {
    return users.get(`${organizationId}/${column}/${value}`, async () => {
      const statement = { name: `access_user_${column}`, text: userSelect(column) };
      return (await db.query<UserRow>(organizationId, statement, [organizationId, value])).rows[0];
    });
  }

  /** The user's role, or a narrower one that the token asks for. */
  function roleIn(user: UserRow, asked: PeopleRole): PeopleRole {
    if (user.suspended_at) throw refusal("This user is suspended: ask your administrator");
    // A token made when the user might do more does not outlive that.
    if (!isWithin(asked, user.role)) throw refusal("Your role has changed since you signed in: sign in again");
    return asked;
  }

  async function authenticateToken(jwt: string): Promise<Viewer> {
    const { organizationId, userId, name, role, expiresAt } = await tokens.verify(jwt);
    if (userId !== cliSubject) {
      const user = await findUser(organizationId, "id", userId);
      if (!user) throw refusal("The user of this token is gone: sign in as another");
      roleIn(user, role);
    }
    return { organizationId, kind: "USER", id: userId, name, role, expiresAt };
  }

  async function organizationOf({ organization }: IdentityClaims): Promise<string> {
    if (isUuid(organization)) return organization.toLowerCase();
    const id = await slugs.get(organization, () => db.organizationIdBySlug(organization));
    if (!id) throw refusal("The token's organization is not known here: ask your administrator");
    return id;
  }

  /** One audit entry a token and server: a provider's sign-in is seen here first when its token is. */
  async function noteSignIn(jwt: string, { organizationId, id, name }: Viewer): Promise<void> {
    await signedIn.get(hashSecret(jwt).toString("base64"), async () => {
      const entry = { actor: name, action: "SIGNED_IN", entityKind: "User", entityId: id };
      const detail = { by: "identity provider" };
      await db.inOrganization(organizationId, (tx) => audit(tx, { ...entry, detail }));
    });
  }

  async function authenticateIdentity(claims: IdentityClaims): Promise<Viewer> {
    const organizationId = await organizationOf(claims);
    const user = await findUser(organizationId, "email", claims.email);
    try {
      if (!user) throw refusal("You are no user of this organization: ask your administrator");
      return viewerOf(organizationId, user, claims);
    } catch (error) {
      const entity = user
        ? { actor: user.email, entityKind: "User", entityId: user.id }
        : { actor: stranger, entityKind: "User", entityId: claims.email };
      const detail = { reason: (error as Error).message };
      await refusals.note({ organizationId, ...entity, action: "SIGN_IN_REFUSED", detail });
      throw error;
    }
  }

  function viewerOf(organizationId: string, user: UserRow, claims: IdentityClaims): Viewer {
    const role = roleIn(user, claims.role ?? user.role);
    const { expiresAt } = claims;
    const { id, email: name } = user;
    const viewer: Viewer = { organizationId, kind: "USER", id, name, role, expiresAt, byProvider: true };
    if (claims.secondFactor) viewer.secondFactor = "GIVEN";
    else if (user.second_factor_required) viewer.secondFactor = "MISSING";
    return viewer;
  }

  async function identify(credential: string, use: boolean): Promise<Viewer> {
    if (credential.startsWith(`${credentialPrefix}signin_`)) {
      throw refusal("This is a sign-in link's secret, not a credential: open the link in a browser");
    }
    if (credential.startsWith(`${credentialPrefix}session_`)) return sessions.verify(credential, use);
    if (credential.startsWith(credentialPrefix)) return apiKeys.verify(credential);
    // Which verifier is asked hangs on the header; what it accepts does not.
    if (identityProvider && algorithmOf(credential) !== "HS256") {
      const viewer = await authenticateIdentity(await identityProvider.verify(credential));
      await noteSignIn(credential, viewer);
      return viewer;
    }
    return authenticateToken(credential);
  }

  return {
    async authenticate(credential, { use = true } = {}) {
      try {
        return await identify(credential, use);
      } catch (error) {
        if (error instanceof VigilError && error.code === "UNAUTHENTICATED") {
          const about = claimOf(credential);
          if (about)
            await refusals.note({
              ...about,
              actor: stranger,
              action: "SIGN_IN_REFUSED",
              detail: { reason: error.message },
            });
        }
        throw error;
      }
    },
  };
}

function algorithmOf(jwt: string): unknown {
  try {
    return decodeProtectedHeader(jwt).alg;
  } catch {
    return undefined;
  }
}

/** Which organization a refused credential says to belong to: unverified, good for the audit log alone. */
function claimOf(credential: string): Pick<Refusal, "organizationId" | "entityKind" | "entityId"> | undefined {
  const parsed = parseCredential(credential);
  if (parsed) {
    const kinds = {
      ingest: "ApiKey",
      enforcer: "ApiKey",
      signin: "SignInLink",
      session: "Session",
      check: "UserCheck",
    };
    const entityKind = kinds[parsed.kind];
    return { organizationId: parsed.organizationId, entityKind, entityId: parsed.id };
  }
  if (credential.length > 4096) return undefined;
  try {
    const { org, sub } = decodeJwt(credential);
    if (typeof org !== "string" || !isUuid(org)) return undefined;
    const entityId = typeof sub === "string" && isUuid(sub) ? sub.toLowerCase() : "unknown";
    return { organizationId: org.toLowerCase(), entityKind: "User", entityId };
  } catch {
    return undefined;
  }
}

function refusal(message: string): VigilError {
  return new VigilError("UNAUTHENTICATED", message);
}
