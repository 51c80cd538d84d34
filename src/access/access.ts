/** Who is asking and what they may: all of it, opened once. */
import type { Config } from "../config.ts";
import type { Database } from "../db.ts";
import type { Log } from "../log.ts";
import type { Vault } from "../secrets/vault.ts";
import { createAuthenticator } from "./authenticate.ts";
import { createEmailSignIn, type SendEmail } from "./e-mail-sign-in.ts";
import { createIdentityProvider } from "./identity-provider.ts";
import { createKeySet } from "./key-set.ts";
import type { Permission } from "./permissions.ts";
import { createRefusalLog } from "./refusals.ts";
import { createSecondFactor } from "./second-factor.ts";
import { createSignIn } from "./sign-in.ts";
import { createTokens } from "./tokens.ts";
import { createTotpSecrets } from "./totp-secret.ts";
import type { Viewer } from "./viewer.ts";

export function openAccess(options: {
  db: Database;
  config: Pick<Config, "identityProvider" | "publicUrl">;
  vault: Pick<Vault, "seal" | "open">;
  /** The server's own secret. */
  secret: string;
  /** Sends e-mail, where that is set up. */
  sendEmail?: SendEmail | undefined;
  now: () => number;
  log: Log;
}) {
  const { db, config, vault, secret, sendEmail, now, log } = options;
  const totpSecrets = createTotpSecrets(vault, secret);
  const tokens = createTokens({ secret, now });
  const refusals = createRefusalLog({ db, now, log });
  const settings = config.identityProvider;
  const identityProvider = settings
    ? createIdentityProvider({ ...settings, keys: createKeySet({ url: settings.url, now, log }), now })
    : undefined;

  const { publicUrl } = config;
  const emailSignIn =
    sendEmail && publicUrl ? createEmailSignIn({ db, refusals, send: sendEmail, publicUrl, now, log }) : undefined;

  return {
    tokens,
    /** Sign-in links by e-mail; absent: not set up. */
    emailSignIn,
    authenticator: createAuthenticator({ db, tokens, identityProvider, refusals, now, log }),
    signIn: createSignIn({ db, refusals, now }),
    secondFactor: createSecondFactor({ db, secrets: totpSecrets, now }),
    /** Puts second factors from before the vault into it. */
    async resealSecondFactors(): Promise<void> {
      for (const organizationId of await db.organizationIds()) {
        const told = (userId: string): void =>
          log.error({ organizationId, userId }, "a second factor does not open: its user must set up another one");
        const count = await totpSecrets.resealAll(db, organizationId, told);
        if (count > 0) log.info({ organizationId, count }, "second factors were sealed anew");
      }
    },
    /** Notes in the audit log that a permission was refused; never throws. */
    refused({ organizationId, kind, id, name }: Viewer, permission: Permission): Promise<void> {
      const actor = kind === "USER" ? name : id;
      const entity = { entityKind: kind === "USER" ? "User" : "ApiKey", entityId: id };
      return refusals.note({ organizationId, actor, action: "PERMISSION_REFUSED", ...entity, detail: { permission } });
    },
    async close() {
      await emailSignIn?.close();
      await refusals.close();
    },
  };
}
