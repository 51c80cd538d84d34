/** What the scheduled jobs do. Each visits every organization in turn, under that organization's own policy. */
import { forgetSessions } from "./access/sessions.ts";
import { escalateDue } from "./alert/escalate.ts";
import { tryIdleChannels } from "./alert/idle-channels.ts";
import type { NumberVault } from "./alert/numbers.ts";
import { forgetNumbers, sealPlainNumbers } from "./alert/numbers-tidy.ts";
import { forgetGroups } from "./alert/record.ts";
import { holdOfRemoved } from "./alert/removed-channels.ts";
import { releaseHeld, repeatDue } from "./alert/route-later.ts";
import type { AuditTrail } from "./audit/trail.ts";
import { type Database, eachOrganization, type Tx } from "./db.ts";
import { silentSources } from "./detect/behaviour/silent-sources.ts";
import { decayRisks } from "./detect/risk/refresh.ts";
import { markBreaches } from "./incident/breach.ts";
import { writeDigest } from "./incident/digest.ts";
import type { EventDraft } from "./ingest/event.ts";
import { forgetEventKeys } from "./ingest/forget-keys.ts";
import type { Log } from "./log.ts";
import { forgetHistory } from "./metric-history.ts";
import { recordChanges } from "./publish/change.ts";
import { forgetNotifications } from "./publish/notifications.ts";
import type { JobName } from "./queue/jobs.ts";
import { cleanUpAll } from "./retention/clean-up.ts";
import { raiseBy } from "./scores.ts";
import type { SelfWatch } from "./self-watch.ts";

const feedRetention = "7 days"; // a client away for longer takes a snapshot
const escalationLate = "5 minutes";
const notificationGrace = 86_400_000; // 1 day after its end
const escalationStart = 60_000; // 1 minute: what was due while Vigil was down is done first, and tells whom it is to tell
const senderPause = 900_000; // 15 minutes: whoever is to send will have tried again by then
const sessionRetention = 7_776_000_000; // 90 days after its end

export function createSweep(
  db: Database,
  {
    log,
    now,
    audit,
    vault,
    accept,
    change,
    respond,
    deliver,
    selfWatch,
  }: {
    log: Log;
    now: () => number;
    audit: Pick<AuditTrail, "sealAll" | "cut">;
    vault: NumberVault;
    /** One transaction; what it tells is routed in it, and bells ring after it. */
    change<T>(organizationId: string, work: (tx: Tx) => Promise<T>): Promise<T>;
    accept(organizationId: string, drafts: readonly EventDraft[]): Promise<unknown>;
    /** Ends an organization's actions that are over, and responds to what waits. */
    respond(organizationId: string): Promise<void>;
    /** Sends the alerts that are due. */
    deliver(organizationId: string): Promise<void>;
    selfWatch: Pick<SelfWatch, "check" | "beat">;
  },
): Record<JobName, () => Promise<void>> {
  const began = now();
  const each = (what: string, work: (organizationId: string) => Promise<unknown>): Promise<void> =>
    eachOrganization(db, log, what, work);

  return {
    partitions: () => db.ensureEventPartitions(7),
    seal: () => audit.sealAll(),
    forget: () =>
      each("what is over could not be forgotten", async (organizationId) => {
        await forgetEventKeys(db, organizationId, now());
        await db.inOrganization(organizationId, async (tx) => {
          await tx.query(
            // Changes of transactions that are still to come were written before a restore, in another cluster.
            `WITH next AS (SELECT pg_snapshot_xmax(pg_current_snapshot()) AS xid),
             gone AS (DELETE FROM changes USING next WHERE organization_id = $1
               AND (at < now() - interval '${feedRetention}' OR changes.xid >= next.xid) RETURNING changes.xid, changes.id),
             last AS (SELECT gone.xid, gone.id FROM gone, next WHERE gone.xid < next.xid ORDER BY 1 DESC, 2 DESC LIMIT 1)
             UPDATE organizations SET feed_forgotten_xid = last.xid, feed_forgotten_id = last.id
             FROM next LEFT JOIN last ON true
             WHERE organizations.id = $1 AND (last.xid IS NOT NULL OR feed_forgotten_xid >= next.xid)`,
            [organizationId],
          );
          await forgetSessions(tx, now() - sessionRetention);
          await forgetNotifications(tx, now() - notificationGrace);
          await forgetHistory(tx, now());
          await sealPlainNumbers(tx, vault, now());
          await forgetNumbers(tx, now());
          await forgetGroups(tx, now());
        });
      }),
    // While Vigil was down no source was heard, and senders wait between their tries.
    silence: async () => {
      if (now() - began < senderPause) return;
      await each("sources that are silent could not be looked for", async (organizationId) => {
        const silent = await db.inOrganization(organizationId, (tx) => silentSources(tx, now()));
        if (silent.length > 0) await accept(organizationId, silent);
      });
    },
    risk: () =>
      each("threat scores could not be brought up to date", (organizationId) =>
        decayRisks(
          (work) => change(organizationId, work),
          now(),
          async (tx, crossings) => {
            const raised = await raiseBy(tx, crossings, now());
            if (raised.length > 0) await recordChanges(tx, raised);
          },
        ),
      ),
    heartbeat: () => selfWatch.beat(),
    health: () => each("its health could not be looked at", (organizationId) => selfWatch.check(organizationId)),
    digest: () =>
      each("a digest could not be written", (organizationId) => change(organizationId, (tx) => writeDigest(tx, now()))),
    clocks: () =>
      each("clocks of incidents could not be looked at", (organizationId) =>
        change(organizationId, (tx) => markBreaches(tx, now())),
      ),
    escalate: () =>
      each("steps of escalations that are due could not be done", async (organizationId) => {
        while ((await change(organizationId, (tx) => escalateDue(tx, now()))) > 0);
      }),
    overdue: async () => {
      if (now() - began < escalationStart) return;
      await each("overdue steps of escalations could not be looked for", async (organizationId) => {
        const { rows } = await db.query<{ late: number }>(
          organizationId,
          `SELECT escalations_page_overdue($1, interval '${escalationLate}') AS late`,
          [new Date(now())],
        );
        const late = rows[0]?.late ?? 0;
        if (late > 0) log.error({ organizationId, late }, "steps of escalations are overdue: no worker did them");
      });
    },
    routes: () =>
      each("alerts that were held or repeat could not be routed", async (organizationId) => {
        await change(organizationId, (tx) => holdOfRemoved(tx, now()));
        let after: string | null = null;
        do after = await change(organizationId, (tx): Promise<string | null> => releaseHeld(tx, after, now()));
        while (after);
        while ((await change(organizationId, (tx) => repeatDue(tx, now()))) > 0);
      }),
    prove: () =>
      each("idle channels could not be tried", (organizationId) =>
        change(organizationId, (tx) => tryIdleChannels(tx, now())),
      ),
    deliver: () => each("alerts could not be sent", deliver),
    respond: () => each("a response failed", respond),
    cleanup: () => cleanUpAll({ db, log, now: now(), cutAudit: audit.cut }),
  };
}
