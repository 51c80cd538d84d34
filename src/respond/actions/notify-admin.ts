/** NOTIFY_ADMIN: a notification to every administrator of the organization who can sign in. */
import { notify, withdraw } from "../../publish/notify.ts";
import type { Action } from "./action.ts";

const about = (id: string) => ({ cause: id, kind: "incident.response" as const, to: { roles: ["ADMIN"] } });

export const notifyAdmin: Action = {
  plan: () => ({ target: null }),
  isDestructive: () => false,
  async apply(tx, doings) {
    const title = "Incident #? asks for an administrator";
    const notices = doings.map(({ id, incidentId, reason }) => ({
      ...{ ...about(id), priority: "CRITICAL" as const, title, body: reason, incidentId },
    }));
    await notify(tx, notices, doings[0]?.now ?? 0);
  },
  async revert(tx, { id, now }) {
    await withdraw(tx, about(id), now);
  },
};
