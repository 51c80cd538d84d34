/** What the scheduled jobs do. Each visits every organization in turn, under that organization's own policy. */
import { forgetSessions } from "./access/sessions.ts";
import type { AuditTrail } from "./audit/trail.ts";
import type { Database } from "./db.ts";
import { silentSources } from "./detect/behaviour/silent-sources.ts";
import { decayRisks } from "./detect/risk/refresh.ts";
import { markBreaches } from "./incident/breach.ts";
import type { EventDraft } from "./ingest/event.ts";
import type { Log } from "./log.ts";
import type { JobName } from "./queue/jobs.ts";
import { cleanUpAll } from "./retention/clean-up.ts";

const feedRetention = "7 days"; // a client away for longer takes a snapshot
const sessionRetention = 7_776_000_000; // 90 days after its end

export function createSweep(
  db: Database,
  {
    log,
    now,
    audit,
    accept,
    ring,
    respond,
  }: {
    log: Log;
    now: () => number;
    audit: Pick<AuditTrail, "sealAll" | "cut">;
    /** Says that incidents of an organization have changed. */
    ring(organizationId: string): void;
    accept(organizationId: string, drafts: readonly EventDraft[]): Promise<unknown>;
    /** Ends an organization's actions that are over, and responds to what waits. */
    respond(organizationId: string): Promise<void>;
  },
): Record<JobName, () => Promise<void>> {
  return {
    partitions: () => db.ensureEventPartitions(7),
    seal: () => audit.sealAll(),
    async forget() {
      for (const organizationId of await db.organizationIds()) {
        await db.inOrganization(organizationId, async (tx) => {
          await tx.query(
            `WITH gone AS (DELETE FROM changes WHERE organization_id = $1 AND at < now() - interval '${feedRetention}'
               RETURNING xid, id),
             last AS (SELECT xid, id FROM gone ORDER BY xid DESC, id DESC LIMIT 1)
             UPDATE organizations SET feed_forgotten_xid = last.xid, feed_forgotten_id = last.id FROM last
             WHERE organizations.id = $1`,
            [organizationId],
          );
          await tx.query(
            "DELETE FROM event_keys WHERE organization_id = $1 AND received_at < retention_cutoff('EVENTS', now())",
            [organizationId],
          );
          await forgetSessions(tx, now() - sessionRetention);
        });
      }
    },
    async silence() {
      for (const organizationId of await db.organizationIds()) {
        const silent = await db.inOrganization(organizationId, (tx) => silentSources(tx, now()));
        if (silent.length > 0) await accept(organizationId, silent);
      }
    },
    async risk() {
      for (const organizationId of await db.organizationIds()) await decayRisks(db, organizationId, now());
    },
    async clocks() {
      for (const organizationId of await db.organizationIds()) {
        const marked = await db.inOrganization(organizationId, (tx) => markBreaches(tx, now()));
        if (marked > 0) ring(organizationId);
      }
    },
    async respond() {
      for (const organizationId of await db.organizationIds()) {
        await respond(organizationId).catch((error: Error) =>
          log.error({ organizationId, err: error.message }, "a response failed"),
        );
      }
    },
    cleanup: () => cleanUpAll({ db, log, now: now(), cutAudit: audit.cut }),
  };
}
