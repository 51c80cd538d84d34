/** Vigil watching itself: each organization's health, and the heartbeat for somebody outside. */
import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { forgetProbes, makeProbe, probeState } from "./alert/probe.ts";
import type { Config } from "./config.ts";
import type { Database, Tx } from "./db.ts";
import type { RedisLink } from "./detect/windows/redis-link.ts";
import { limits } from "./health/ailments.ts";
import { beat, beatPart, period, readBeat, recordBeat } from "./health/heartbeat.ts";
import { keepHealth } from "./health/keep.ts";
import type { EventDraft } from "./ingest/event.ts";
import type { Stored } from "./ingest/lanes.ts";
import { type Log, messageForLog } from "./log.ts";
import { guardedFetch } from "./outbound/guarded-fetch.ts";
import type { Vault } from "./secrets/vault.ts";
import { tryTheWay } from "./self-trial.ts";

export interface SelfWatch {
  /** Opens and closes the incidents of an organization's own health. */
  check(organizationId: string): Promise<void>;
  /** Sends the heartbeat, where one is wanted and everything works. */
  beat(): Promise<void>;
  /** Asks the HTTP server of this process whether it is ready, and notes that one is, for whichever process beats. */
  serves(url: string): Promise<void>;
  /** How the heartbeat is; undefined: none is wanted. */
  part(): Promise<{ name: string; ok: boolean; detail: string } | undefined>;
}

const serving = "serving";
/** How often a server looks whether it answers, ms. */
export const servingInterval = 5_000;
const patience = 10_000; // ms that an alert of the heartbeat may take
const servingFor = 15_000; // ms, and the same again until another server has noticed

export function createSelfWatch(options: {
  db: Database;
  /** One transaction; what it tells is routed in it, and bells ring after it. */
  change<T>(organizationId: string, work: (tx: Tx) => Promise<T>): Promise<T>;
  pipeline: { accept(organizationId: string, drafts: readonly EventDraft[]): Promise<Stored> };
  vault: Vault;
  /** Rings for alerts that may be due. */
  alerting: { ring(organizationId: string): void };
  /** What processes share; absent: nothing. */
  redis?: Pick<RedisLink, "run"> | undefined;
  config: Pick<Config, "heartbeatUrl" | "heartbeatOrganization">;
  now: () => number;
  log: Log;
}): SelfWatch {
  const { db, change, pipeline, vault, alerting, redis, config, now, log } = options;
  const { heartbeatUrl, heartbeatOrganization: slug } = config;
  const holder = randomUUID();
  /** The oldest: ids grow with time, and come in their order. */
  const carrier = async (): Promise<string | undefined> =>
    slug === undefined ? (await db.organizationIds())[0] : db.organizationIdBySlug(slug);
  const nobody = slug === undefined ? "there is no organization" : `there is no organization ${slug}`;

  /** An alert that waits for longer than the auditor lets a step wait has no sender. */
  async function isLate(): Promise<void> {
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

  /** Some process has to claim an alert, word it, send it over a socket and write down that it has arrived. */
  async function send(organizationId: string): Promise<void> {
    await isLate();
    const id = await db.inOrganization(organizationId, (tx) => makeProbe(tx, now()));
    alerting.ring(organizationId);
    const until = performance.now() + patience;
    for (let state = await probeState(db, organizationId, id); state?.status !== "SENT"; ) {
      if (performance.now() > until)
        throw new Error(`one was not sent within ten seconds${state?.detail ? `: ${state.detail}` : ""}`);
      await pause(50);
      state = await probeState(db, organizationId, id);
    }
    await db.inOrganization(organizationId, forgetProbes);
  }

  let triedAt = Number.NEGATIVE_INFINITY;

  /** Once a period this process tries its own rule engine, incidents and routes: each server has them. */
  async function proveDetection(): Promise<void> {
    if (heartbeatUrl === undefined || now() - triedAt < period) return;
    const organizationId = await carrier();
    if (organizationId !== undefined) await tryTheWay(db, organizationId, now());
    triedAt = now();
  }

  async function serve(): Promise<void> {
    if (!(await db.hasDuty(serving, servingFor))) throw new Error("none has been ready lately");
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
      if (organizationId === undefined) return log.error(`the heartbeat is not sent: ${nobody}`);
      const fault = await beat(
        {
          serve,
          async ingest(event) {
            const { refused } = await pipeline.accept(organizationId, [event]);
            if (refused) throw new Error("the event that is sent to see whether events are taken was refused");
          },
          share: async () => void (await redis?.run((client) => client.ping())),
          tell: () => tryTheWay(db, organizationId, now()),
          send: () => send(organizationId),
          ping,
        },
        now(),
      );
      if (fault !== undefined) log.warn({ fault: messageForLog(new Error(fault)) }, "the heartbeat was not sent");
      await db.inOrganization(organizationId, (tx) => recordBeat(tx, fault, now()));
    },
    async serves(url) {
      const answer = await fetch(`${url}/health/ready`, { signal: AbortSignal.timeout(servingInterval) });
      if (!answer.ok) return;
      await proveDetection();
      await db.takeDuty(serving, holder, servingFor);
    },
    async part() {
      if (heartbeatUrl === undefined) return undefined;
      const organizationId = await carrier();
      if (organizationId === undefined) return { name: "heartbeat", ok: false, detail: nobody };
      return beatPart(await db.inOrganization(organizationId, readBeat), now());
    },
  };
}
