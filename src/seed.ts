/** What an organization begins with, and the first organization of a new server. */
import { createHash } from "node:crypto";
import { createSignInLink } from "./access/sign-in.ts";
import { ensureUser } from "./access/users.ts";
import { createOrganization } from "./database/organizations.ts";
import type { Database } from "./db.ts";
import { builtinTexts } from "./detect/builtin.ts";
import { seedBuiltinRules } from "./detect/store.ts";
import { defaultRules, seedResponseRules } from "./respond/defaults.ts";

/** Of everything that this version gives an organization; computed once. */
let digest: string | undefined;
export function shippedDigest(): string {
  digest ??= createHash("sha256")
    .update(JSON.stringify([builtinTexts(), defaultRules]))
    .digest("base64url");
  return digest;
}

/** What comes with Vigil and the organization was not given yet. */
export function seedOrganization(db: Database, organizationId: string, now: number): Promise<void> {
  return db.inOrganization(organizationId, async (tx) => {
    await seedBuiltinRules(tx, now);
    await seedResponseRules(tx, now);
    await tx.query("UPDATE organizations SET shipped = $2 WHERE id = $1", [organizationId, shippedDigest()]);
  });
}

/** Seeds whichever needs it; where there is no organization, makes `demo` and answers its first administrator's sign-in token. */
export async function prepareOrganizations(
  db: Database,
  ownerUrl: string | undefined,
  now: () => number,
): Promise<string | undefined> {
  let signIn: string | undefined;
  if (ownerUrl && (await db.organizationIds()).length === 0) {
    const id = await createOrganization(ownerUrl, "demo", "Demo");
    signIn = await db.inOrganization(id, async (tx) => {
      const admin = { email: "admin@demo.example", name: "First administrator", role: "ADMIN" as const, now: now() };
      return createSignInLink(tx, { userId: await ensureUser(tx, admin), now: now() });
    });
  }
  for (const id of await db.organizationsWithout(shippedDigest())) await seedOrganization(db, id, now());
  return signIn;
}
