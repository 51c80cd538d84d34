/** What an organization begins with, and the first organization of a new server. */
import { createSignInLink } from "./access/sign-in.ts";
import { ensureUser } from "./access/users.ts";
import { createOrganization } from "./database/organizations.ts";
import type { Database } from "./db.ts";
import { seedBuiltinRules } from "./detect/store.ts";
import { seedResponseRules } from "./respond/defaults.ts";

/** What comes with Vigil and the organization was not given yet. */
export function seedOrganization(db: Database, organizationId: string, now: number): Promise<void> {
  return db.inOrganization(organizationId, async (tx) => {
    await seedBuiltinRules(tx, now);
    await seedResponseRules(tx, now);
  });
}

/** Seeds every organization; where there is none, makes `demo` and answers its first administrator's sign-in token. */
export async function prepareOrganizations(
  db: Database,
  ownerUrl: string | undefined,
  now: () => number,
): Promise<string | undefined> {
  let ids = await db.organizationIds();
  let signIn: string | undefined;
  if (ids.length === 0 && ownerUrl) {
    const id = await createOrganization(ownerUrl, "demo", "Demo");
    signIn = await db.inOrganization(id, async (tx) => {
      const admin = { email: "admin@demo.example", name: "First administrator", role: "ADMIN" as const, now: now() };
      return createSignInLink(tx, { userId: await ensureUser(tx, admin), now: now() });
    });
    ids = [id];
  }
  for (const id of ids) await seedOrganization(db, id, now());
  return signIn;
}
