/** Tells a user of work that somebody else gave them. */
import type { Tx } from "../db.ts";
import { notify } from "../publish/notify.ts";

export async function tellAssigned(
  tx: Tx,
  {
    cause,
    what,
    incidentId,
    severity,
    userId,
    email,
    actor,
    now,
  }: {
    cause: string;
    what: "incident" | "task";
    incidentId: string;
    severity: string;
    userId: string;
    email: string;
    actor: string;
    now: number;
  },
): Promise<void> {
  if (email.toLowerCase() === actor.toLowerCase()) return; // they know
  const notice = {
    cause: `assigned ${cause}`,
    kind: "incident.assigned" as const,
    to: { users: [userId] },
    priority: severity === "CRITICAL" || severity === "HIGH" ? ("HIGH" as const) : ("NORMAL" as const),
    title: what === "task" ? "A task of incident #? is yours" : `Incident #? is yours: ${severity}`,
    body: `${actor} gave it to you.`,
    incidentId,
  };
  await notify(tx, [notice], now);
}
