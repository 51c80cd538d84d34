/** How a user wants to be told of each kind of thing. */
import type { Tx } from "../db.ts";
import { VigilError } from "../errors.ts";
import { isNotificationKind, notificationKinds } from "./notification-kinds.ts";

export interface Preference {
  kind: string;
  /** What the kind tells. */
  does: string;
  /** Whether it is shown in the dashboard. What is CRITICAL is shown all the same. */
  inApp: boolean;
  /** Whether it is sent by e-mail, too. */
  email: boolean;
}

/** Every kind; what the user has not said is shown, and not sent. */
export async function readPreferences(tx: Tx, userId: string): Promise<Preference[]> {
  const { rows } = await tx.query<Pick<Preference, "kind" | "inApp" | "email">>(
    `SELECT kind, in_app AS "inApp", email FROM notification_preferences WHERE organization_id = $1 AND user_id = $2`,
    [tx.organizationId, userId],
  );
  return Object.entries(notificationKinds).map(([kind, does]) => {
    const { inApp = true, email = false } = rows.find((row) => row.kind === kind) ?? {};
    return { kind, does, inApp, email };
  });
}

/** Errors: BAD_USER_INPUT (no such kind), CONFLICT (e-mail, where the organization has no channel for it). */
export async function setPreference(
  tx: Tx,
  userId: string,
  { kind, inApp, email }: { kind: string; inApp?: boolean | undefined; email?: boolean | undefined },
): Promise<Preference> {
  const path = ["input", "kind"];
  if (!isNotificationKind(kind)) {
    const known = Object.keys(notificationKinds).join(", ");
    throw new VigilError("BAD_USER_INPUT", `There is no kind "${kind}": ${known}.`, { path });
  }
  if (email) {
    const { rows } = await tx.query(
      `SELECT FROM alert_channels WHERE organization_id = $1 AND kind = 'EMAIL' AND removed_at IS NULL AND suspended_at IS NULL LIMIT 1`,
      [tx.organizationId],
    );
    if (rows.length === 0) {
      const message = "The organization has no e-mail channel that works: an administrator makes one.";
      throw new VigilError("CONFLICT", message, { path: ["input", "email"] });
    }
  }
  await tx.query(
    `INSERT INTO notification_preferences AS p (organization_id, user_id, kind, in_app, email)
     VALUES ($1, $2, $3, coalesce($4, true), coalesce($5, false))
     ON CONFLICT (organization_id, user_id, kind) DO UPDATE SET in_app = coalesce($4, p.in_app), email = coalesce($5, p.email)`,
    [tx.organizationId, userId, kind, inApp ?? null, email ?? null],
  );
  const all = await readPreferences(tx, userId);
  return all.find((one) => one.kind === kind) as Preference;
}
