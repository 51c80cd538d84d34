/** NOTIFY_ADMIN: a notification to every administrator of the organization who can sign in. */
import { notify, withdraw } from "../../publish/notify.ts";
import type { Action } from "./action.ts";

const about = (id: string) => ({ cause: id, kind: "incident.response" as const, to: { roles: ["ADMIN"] } });

export const notifyAdmin: Action = {
  plan: () => ({ target: null }),
  isDestructive: () => false,
  async apply(tx, { id, incidentId, reason, now }) {
    const title = "Incident #? asks for an administrator";
    await notify(tx, [{ ...about(id), priority: "CRITICAL", title, body: reason, incidentId }], now);
  },
  async revert(tx, { id, now }) {
    await withdraw(tx, about(id), now);
  },
};
