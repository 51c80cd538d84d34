/** Whom an action concerns besides its target: who may approve it, and who asked for it. */
import { validate as isUuid } from "uuid";
import { permissionTable } from "../access/permissions.ts";
import type { Tx } from "../db.ts";
import { notify, withdraw } from "../publish/notify.ts";
import { namelessOf } from "./action-words.ts";
import type { ActionType } from "./rule.ts";

interface Asked {
  id: string;
  incidentId: string;
  type: ActionType;
  /** Absent where a rule chose it. */
  requesterId: string | null;
}

const causeOf = (id: string): string => `approval ${id}`;
const approvers = (requesterId: string | null) => ({
  roles: permissionTable["respond.approve"].roles,
  except: requesterId,
});

/** Everybody who may approve it, but not who asked. It is shown for as long as they may. */
export async function askApproval(
  tx: Tx,
  actions: readonly (Asked & { actor: string; approveBy: number | null })[],
  now: number,
): Promise<void> {
  const notices = actions.map(({ id, incidentId, type, requesterId, actor, approveBy }) => ({
    cause: causeOf(id),
    kind: "response.approval" as const,
    to: approvers(requesterId),
    priority: "HIGH" as const,
    title: `The ${namelessOf(type)} waits for your approval: incident #?`,
    body: `${actor === "vigil" ? "A response rule" : actor} asks for it.`,
    incidentId,
    ...(approveBy === null ? {} : { expiresAt: approveBy }),
  }));
  await notify(tx, notices, now);
}

/** It waits no longer. */
export async function approvalIsOver(tx: Tx, { id, requesterId }: Pick<Asked, "id" | "requesterId">, now: number) {
  await withdraw(tx, { cause: causeOf(id), kind: "response.approval", to: approvers(requesterId) }, now);
}

/** Tells who asked what became of it. Programs and rules are told nothing. */
export async function tellRequesters(
  tx: Tx,
  outcomes: readonly (Asked & { done: boolean; why: string })[],
  now: number,
): Promise<void> {
  const notices = outcomes.flatMap(({ id, incidentId, type, requesterId, done, why }) =>
    requesterId !== null && isUuid(requesterId)
      ? [
          {
            cause: `outcome ${id}`,
            kind: done ? ("response.applied" as const) : ("response.failed" as const),
            to: { users: [requesterId] },
            priority: done ? ("NORMAL" as const) : ("HIGH" as const),
            title: `The ${namelessOf(type)}, which you asked for, was ${done ? "done" : "not done"}: incident #?`,
            body: why,
            incidentId,
          },
        ]
      : [],
  );
  await notify(tx, notices, now);
}
