/** Vigil watching itself: each organization's health, and the heartbeat for somebody outside. */
import { routeAlerts } from "./alert/route-alerts.ts";
import type { Database, Tx } from "./db.ts";
import { limits } from "./health/ailments.ts";
import { beat, beatPart, readBeat, recordBeat } from "./health/heartbeat.ts";
import { keepHealth } from "./health/keep.ts";
import { entriesOf } from "./incident/entry.ts";
import { reportIncident } from "./incident/report.ts";
import type { EventDraft } from "./ingest/event.ts";
import { type Log, messageForLog } from "./log.ts";
import { guardedFetch } from "./outbound/guarded-fetch.ts";
import type { Vault } from "./secrets/vault.ts";

export interface SelfWatch {
  /** Opens and closes the incidents of an organization's own health. */
  check(organizationId: string): Promise<void>;
  /** Sends the heartbeat, where one is wanted and everything works. */
  beat(): Promise<void>;
  /** How the heartbeat is; undefined: none is wanted. */
  part(): Promise<{ name: string; ok: boolean; detail: string } | undefined>;
}

class Undone extends Error {}

export function createSelfWatch(options: {
  db: Database;
  /** One transaction; what it tells is routed in it, and bells ring after it. */
  change<T>(organizationId: string, work: (tx: Tx) => Promise<T>): Promise<T>;
  accept(organizationId: string, drafts: readonly EventDraft[]): Promise<unknown>;
  vault: Vault;
  heartbeatUrl: string | undefined;
  now: () => number;
  log: Log;
}): SelfWatch {
  const { db, change, accept, vault, heartbeatUrl, now, log } = options;
  /** The oldest organization: ids grow with time, and come in their order. */
  const carrier = async (): Promise<string | undefined> => (await db.organizationIds())[0];

  async function tell(organizationId: string): Promise<void> {
    const trial = {
      title: "Heartbeat",
      severity: "INFO" as const,
      fingerprint: "vigil:heartbeat",
      threatScore: 0,
      subjects: [],
      tags: [],
      message: "Heartbeat",
      actor: "vigil",
    };
    await db
      .inOrganization(organizationId, async (tx) => {
        await reportIncident(tx, { ...trial, now: now() });
        await routeAlerts(tx, entriesOf(tx), now());
        throw new Undone();
      })
      .catch((error: Error) => {
        if (!(error instanceof Undone)) throw error;
      });
  }

  /** An alert that waits for longer than the auditor lets a step wait has no sender. */
  async function send(): Promise<void> {
    for (const organizationId of await db.organizationIds()) {
      const { rows } = await db.query(
        organizationId,
        `SELECT FROM security_alerts a JOIN alert_channels c ON c.organization_id = $1 AND c.id = a.channel_id AND c.suspended_at IS NULL
         WHERE a.organization_id = $1 AND a.status_rank <= 1 AND greatest(a.due_at, c.wait_until) < $2 LIMIT 1`,
        [organizationId, new Date(now() - limits.late)],
      );
      if (rows.length > 0) throw new Error("some have waited for more than five minutes");
    }
  }

  async function ping(): Promise<void> {
    const answer = await guardedFetch(heartbeatUrl as string, { method: "GET", allowPrivate: true }); // the operator's own word
    if (!answer.ok) throw new Error(answer.detail);
    if (answer.status < 200 || answer.status > 299) throw new Error(`it answered ${answer.status}`);
  }

  return {
    async check(organizationId) {
      const { rows } = await db.query<{ open: number }>(
        organizationId,
        `SELECT count(*)::int AS open FROM security_incidents WHERE organization_id = $1 AND open_fingerprint LIKE 'vigil:health:%'`,
        [organizationId],
      );
      const open = rows[0]?.open ?? 0;
      if (open > 0) await vault.reserve(organizationId, 2 * open); // closing one seals its reason twice
      await change(organizationId, (tx) => keepHealth(tx, vault, now()));
    },
    async beat() {
      if (heartbeatUrl === undefined) return;
      const organizationId = await carrier();
      if (organizationId === undefined) return;
      const fault = await beat(
        {
          ingest: async (event) => void (await accept(organizationId, [event])),
          tell: () => tell(organizationId),
          send,
          ping,
        },
        now(),
      );
      if (fault !== undefined) log.warn({ fault: messageForLog(new Error(fault)) }, "the heartbeat was not sent");
      await db.inOrganization(organizationId, (tx) => recordBeat(tx, fault, now()));
    },
    async part() {
      if (heartbeatUrl === undefined) return undefined;
      const organizationId = await carrier();
      if (organizationId === undefined) return undefined;
      return beatPart(await db.inOrganization(organizationId, readBeat), now());
    },
  };
}
