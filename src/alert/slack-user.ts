/** Who somebody in Slack is to Vigil: the user of the same e-mail address, as Slack's own directory has it. */
import { can } from "../access/permissions.ts";
import type { Role } from "../access/viewer.ts";
import type { Tx } from "../db.ts";
import { VigilError } from "../errors.ts";
import { guardedFetch } from "../outbound/guarded-fetch.ts";
import type { SlackPress } from "./slack-action.ts";

const patience = 1_500; // ms: Slack waits three seconds for the answer to a press

/** By `users.info` (scopes users:read and users:read.email); undefined: Slack did not say. Never throws. */
export async function slackEmail(
  slackId: string,
  { botToken, apiUrl, allowPrivate }: { botToken: string; apiUrl: string; allowPrivate: boolean },
): Promise<string | undefined> {
  const answered = await guardedFetch(`${apiUrl}/users.info?user=${slackId}`, {
    method: "GET",
    allowPrivate,
    keepBody: true,
    signal: AbortSignal.timeout(patience),
    headers: { authorization: `Bearer ${botToken}` },
  });
  if (!answered.ok || answered.status !== 200) return undefined;
  try {
    const { ok, user } = JSON.parse(answered.body ?? "") as {
      ok?: unknown;
      user?: { deleted?: unknown; is_bot?: unknown; profile?: { email?: unknown } };
    };
    const email = user?.profile?.email;
    return ok === true && user?.deleted !== true && user?.is_bot !== true && typeof email === "string" && email !== ""
      ? email.toLowerCase()
      : undefined;
  } catch {
    return undefined;
  }
}

/**
 * As the timeline names whoever pressed: Vigil's user; a stranger by their name in Slack, where the channel lets strangers
 * acknowledge. Errors: FORBIDDEN.
 */
export async function slackActor(
  tx: Tx,
  press: SlackPress,
  { email, strangers }: { email: string | undefined; strangers: boolean },
): Promise<string> {
  const { rows } = await tx.query<{ email: string; role: Role; suspended_at: Date | null }>(
    "SELECT email, role, suspended_at FROM users WHERE organization_id = $1 AND email = $2",
    [tx.organizationId, email ?? ""],
  );
  const [user] = rows;
  if (user?.suspended_at) throw new VigilError("FORBIDDEN", "This user is suspended");
  if (user && can(user.role, "incident.write")) return user.email;
  if (user) throw new VigilError("FORBIDDEN", `The role ${user.role} may not acknowledge incidents`);
  if (strangers) return press.actor;
  const why = email
    ? "nobody in Vigil has the e-mail address of your Slack profile"
    : "Slack did not tell it your e-mail address";
  throw new VigilError("FORBIDDEN", `Vigil does not know who you are: ${why}. Open the incident in Vigil instead`);
}
