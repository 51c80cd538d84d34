import type { Database } from "../db.ts";
import { VigilError } from "../errors.ts";
import type { Log } from "../log.ts";
import { createApiKeyCheck } from "./api-key-check.ts";
import { credentialPrefix } from "./credential.ts";
import { isWithin } from "./permissions.ts";
import type { TokenClaims, TokenVerifier } from "./tokens.ts";
import { createTtlCache } from "./ttl-cache.ts";
import { cliSubject, type PeopleRole, type Viewer } from "./viewer.ts";

const cacheTtl = 5_000; // 5 seconds: how long a suspended user may go on
const cacheMaximum = 10_000; // users

interface UserRow {
  role: PeopleRole;
  suspended_at: Date | null;
}

export interface Authenticator {
  /** Tells who sent a credential (an API key or a token); throws UNAUTHENTICATED when nobody we know. */
  authenticate(credential: string): Promise<Viewer>;
}

export function createAuthenticator(options: {
  db: Database;
  tokens: TokenVerifier;
  now: () => number;
  log: Log;
}): Authenticator {
  const { db, tokens, now, log } = options;
  const apiKeys = createApiKeyCheck({ db, now, log });
  const users = createTtlCache<UserRow | undefined>({ ttl: cacheTtl, maximum: cacheMaximum, now });

  function findUser({ organizationId, userId }: TokenClaims): Promise<UserRow | undefined> {
    return users.get(`${organizationId}/${userId}`, async () => {
      const text = "SELECT role, suspended_at FROM users WHERE organization_id = $1 AND id = $2";
      const statement = { name: "access_user", text };
      return (await db.query<UserRow>(organizationId, statement, [organizationId, userId])).rows[0];
    });
  }

  async function authenticateToken(jwt: string): Promise<Viewer> {
    const claims = await tokens.verify(jwt);
    const { organizationId, userId, name, role, expiresAt } = claims;
    if (userId !== cliSubject) {
      const user = await findUser(claims);
      if (!user) throw refusal("The user of this token is gone: sign in as another");
      if (user.suspended_at) throw refusal("This user is suspended: ask your administrator");
      // A token made when the user might do more does not outlive that.
      if (!isWithin(role, user.role)) throw refusal("Your role has changed since you signed in: sign in again");
    }
    return { organizationId, kind: "USER", id: userId, name, role, expiresAt };
  }

  return {
    async authenticate(credential) {
      if (credential.startsWith(`${credentialPrefix}signin_`)) {
        throw refusal("This is a sign-in link's secret, not a credential: open the link in a browser");
      }
      return credential.startsWith(credentialPrefix) ? apiKeys.verify(credential) : authenticateToken(credential);
    },
  };
}

function refusal(message: string): VigilError {
  return new VigilError("UNAUTHENTICATED", message);
}
