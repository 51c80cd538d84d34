/**
 * Makes the calls of response webhooks that are due. In any number of processes: a call is claimed for the length of a
 * lease, and its id is the same in every try, so that a receiver drops what comes again after a crash.
 */
import { audit } from "../access/audit.ts";
import type { Database, Tx } from "../db.ts";
import { type Log, messageForLog } from "../log.ts";
import { retryAt, type Sent } from "../outbound/outcome.ts";
import { callSigned, type WebhookSecrets, webhookRetries } from "../outbound/signed-call.ts";
import type { Vault } from "../secrets/vault.ts";
import { endAction } from "./action-row.ts";
import { type Called, callBody } from "./call-body.ts";
import { tell } from "./carry-out.ts";
import { lockActionIfAny } from "./lock-action.ts";
import { tellRequesters } from "./notices.ts";
import { openSecrets } from "./webhooks.ts";

interface Claimed extends Called {
  tries: number;
  incidentId: string;
  requesterId: string | null;
  webhook: string;
  webhookId: string | null;
  url: string | null;
  sealed: Buffer | null;
}

const most = 16; // calls at once
const lease = 60_000; // ms: longer than any try takes
const longestTry = 20_000; // ms

export function createCaller(options: {
  db: Pick<Database, "inOrganization">;
  /** One transaction; rings the bells after its commit. */
  change<T>(organizationId: string, work: (tx: Tx) => Promise<T>): Promise<T>;
  vault: Pick<Vault, "open">;
  allowPrivate: boolean;
  publicUrl: string | undefined;
  now: () => number;
  log: Log;
}): (organizationId: string) => Promise<void> {
  const { db, change, vault, allowPrivate, publicUrl, now, log } = options;

  async function call(organizationId: string, claimed: Claimed, secrets: WebhookSecrets | undefined): Promise<void> {
    const { id, url, tries } = claimed;
    const { sent, status } =
      url && secrets
        ? await callSigned(
            { url, secrets, id, body: callBody(claimed, publicUrl), signal: AbortSignal.timeout(longestTry) },
            { allowPrivate, now },
          )
        : { sent: gone, status: null };
    const at = now();
    const afterMs = sent.outcome === "RETRY" ? sent.afterMs : undefined;
    const again =
      sent.outcome === "RETRY" ? retryAt({ tries, afterMs, retries: webhookRetries }, at, Math.random()) : undefined;
    await change(organizationId, (tx) => recordCall(tx, claimed, { sent, status, again, at }));
  }

  return async (organizationId) => {
    for (;;) {
      const { calls, secrets } = await db.inOrganization(organizationId, async (tx) => {
        const calls = await claimCalls(tx, now());
        const sealed = new Map(
          calls.flatMap(({ webhookId: id, sealed }) => (id && sealed ? [[id, sealed] as const] : [])),
        );
        const rows = [...sealed].map(([id, record]) => ({ id, sealed: record }));
        return { calls, secrets: await openSecrets(tx, vault, rows) };
      });
      if (calls.length === 0) return;
      await Promise.all(
        calls.map((one) =>
          call(organizationId, one, one.webhookId === null ? undefined : secrets.get(one.webhookId)).catch(
            (error: Error) =>
              // What is not written down is tried again when its lease ends, with the same id.
              log.error({ organizationId, err: messageForLog(error) }, "a call of a response webhook was not recorded"),
          ),
        ),
      );
    }
  };
}

const gone: Sent = { outcome: "PERMANENT", detail: "There is no such response webhook any more." };

async function claimCalls(tx: Tx, now: number): Promise<Claimed[]> {
  const { rows } = await tx.query<Claimed>({
    name: "calls_due",
    text: `WITH due AS MATERIALIZED (
        SELECT id FROM response_calls WHERE organization_id = $1 AND due_at <= $2 ORDER BY due_at, id LIMIT ${most} FOR UPDATE SKIP LOCKED),
      claimed AS (
        UPDATE response_calls c SET tries = c.tries + 1, due_at = $3 FROM due WHERE c.organization_id = $1 AND c.id = due.id
        RETURNING c.*)
      SELECT c.id, c.action_id AS "actionId", c.event, c.tries, c.created_at AS "createdAt", a.reason, a.actor,
        a.expires_at AS "expiresAt", a.incident_id AS "incidentId", a.requester_id AS "requesterId", a.target AS webhook,
        i.number, i.severity, i.title, i.tags, i.subjects, i.opened_at AS "openedAt",
        w.id AS "webhookId", w.url, w.sealed_secrets AS sealed, coalesce(w.covered_by_baa, false) AS "coveredByBaa"
      FROM claimed c JOIN incident_actions a ON a.organization_id = $1 AND a.id = c.action_id
      JOIN security_incidents i ON i.organization_id = $1 AND i.id = a.incident_id
      LEFT JOIN response_webhooks w ON w.organization_id = $1 AND w.name = a.target`,
    values: [tx.organizationId, new Date(now), new Date(now + lease)],
  });
  return rows;
}

/** Writes down what came of a try. What fails for good is told: in the timeline, in the action, and to who asked. */
async function recordCall(
  tx: Tx,
  { id, actionId, incidentId, event, webhook, requesterId }: Claimed,
  { sent, status, again, at }: { sent: Sent; status: number | null; again: number | undefined; at: number },
): Promise<void> {
  const now = sent.outcome === "SENT" ? "SENT" : again === undefined ? "FAILED" : "QUEUED";
  const detail = sent.detail.slice(0, 500);
  if (now === "FAILED") await lockActionIfAny(tx, actionId); // before its call, as whoever takes it back does
  const { rowCount } = await tx.query(
    `UPDATE response_calls SET status = $3::call_status, due_at = $4, answered = $5, detail = $6,
       sent_at = CASE WHEN $3 = 'SENT' THEN $7::timestamptz END
     WHERE organization_id = $1 AND id = $2 AND status = 'QUEUED'`,
    [tx.organizationId, id, now, again === undefined ? null : new Date(again), status, detail, new Date(at)],
  );
  if (now !== "FAILED" || rowCount === 0) return;
  const reason = `The call of ${webhook} (${event}) failed for good: ${detail}`;
  if (event === "APPLIED") {
    await endAction(tx, { id: actionId, status: "FAILED", actor: "vigil", reason, now: at });
    await audit(tx, {
      actor: "vigil",
      action: "INCIDENT_ACTION_FAILED",
      entityKind: "IncidentAction",
      entityId: actionId,
      detail: { type: "CALL_WEBHOOK", target: webhook, detail },
    });
  }
  await tell(tx, { incidentId, kind: "ACTION_FAILED", message: reason, actor: "vigil", now: at });
  await tellRequesters(
    tx,
    [{ id: actionId, incidentId, type: "CALL_WEBHOOK", requesterId, done: false, why: reason }],
    at,
  );
}
