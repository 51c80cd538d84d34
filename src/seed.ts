/** What an organization begins with, and the first organization of a new server. */
import { createHash } from "node:crypto";
import { createSignInLink } from "./access/sign-in.ts";
import { ensureUser } from "./access/users.ts";
import { createOrganization } from "./database/organizations.ts";
import type { Database } from "./db.ts";
import { builtinTexts } from "./detect/builtin.ts";
import { seedBuiltinRules } from "./detect/store.ts";
import type { Log } from "./log.ts";
import { defaultRules, seedResponseRules } from "./respond/defaults.ts";

/** Of everything that this version gives an organization; computed once. */
let digest: string | undefined;
export function shippedDigest(): string {
  digest ??= createHash("sha256")
    .update(JSON.stringify([builtinTexts(), defaultRules]))
    .digest("base64url");
  return digest;
}

/** What comes with Vigil and the organization was not given yet. What it cannot take now, the next start tries again. */
export async function seedOrganization(db: Database, organizationId: string, now: number, log: Log): Promise<void> {
  const left = await db.inOrganization(organizationId, async (tx) => {
    const { left } = await seedBuiltinRules(tx, now);
    await seedResponseRules(tx, now);
    const shipped = left.length === 0 ? shippedDigest() : null;
    await tx.query("UPDATE organizations SET shipped = $2 WHERE id = $1", [organizationId, shipped]);
    return left;
  });
  for (const { file, message } of left)
    log.warn(
      { organizationId, file, why: message },
      "a built-in rule stays in its older text, as its new one is refused",
    );
}

/** Seeds whichever needs it; where there is no organization, makes `demo` and answers its first administrator's sign-in token. */
export async function prepareOrganizations(
  db: Database,
  ownerUrl: string | undefined,
  now: () => number,
  log: Log,
): Promise<string | undefined> {
  let signIn: string | undefined;
  if (ownerUrl && (await db.organizationIds()).length === 0) {
    const id = await createOrganization(ownerUrl, "demo", "Demo");
    signIn = await db.inOrganization(id, async (tx) => {
      const admin = { email: "admin@demo.example", name: "First administrator", role: "ADMIN" as const, now: now() };
      return createSignInLink(tx, { userId: await ensureUser(tx, admin), now: now() });
    });
  }
  for (const id of await db.organizationsWithout(shippedDigest())) await seedOrganization(db, id, now(), log);
  return signIn;
}
