/** `vigil restored`: what outlives a database is told that an older state of it has been restored. */
import type { Command } from "commander";
import { audit } from "../access/audit.ts";
import { cliSubject } from "../access/viewer.ts";
import type { App } from "../app.ts";
import { withApp } from "./with-app.ts";

export function addRestoredCommand(program: Command): void {
  program
    .command("restored")
    .description(
      "after a restore, before the servers start: tells enforcers, followers and the audit checkpoints of it",
    )
    .action(restored);
}

/** As the command does it. */
export const restored = (): Promise<void> =>
  withApp(async (app) => {
    for (const id of await app.db.organizationIds()) await announceRestore(app, id, console.log);
    console.log("Empty Redis, if there is one (FLUSHALL), start the servers, then: vigil audit verify");
  });

/**
 * Enforcers refuse a list that is older than the one they have (R10): the restored one becomes the newer. Cursors that were
 * given out before are of another epoch: whoever comes with one is told CURSOR_EXPIRED. And the checkpoint file, which knows
 * what the backup does not have, is told from where the audit log goes on.
 */
export async function announceRestore(app: App, organizationId: string, tell: (line: string) => void): Promise<void> {
  const { loss, fault } = await app.auditTrail.noteRestore(organizationId);
  const version = await app.db.inOrganization(organizationId, async (tx) => {
    const { rows } = await tx.query<{ version: string }>(
      // Times and no counts: those that were restored with the rest would come to numbers that have been given out. Of the
      // list in milliseconds, each of which has had fewer versions than one.
      `UPDATE organizations SET
         decision_version = greatest(decision_version + 1, (extract(epoch FROM clock_timestamp()) * 1000)::bigint),
         feed_epoch = greatest(feed_epoch + 1, extract(epoch FROM clock_timestamp())::bigint),
         feed_forgotten_xid = pg_current_xact_id(),
         feed_forgotten_id = 9223372036854775807
       WHERE id = $1 RETURNING decision_version AS version`,
      [organizationId],
    );
    await tx.query("DELETE FROM changes WHERE organization_id = $1", [organizationId]);
    const { version } = rows[0] as { version: string };
    const about = {
      entityKind: "Organization",
      entityId: organizationId,
      detail: { decisionVersion: Number(version), ...(loss ? { auditEntriesLost: loss } : {}) },
    };
    await audit(tx, { actor: cliSubject, action: "DATABASE_RESTORED", ...about });
    return version;
  });
  tell(`${organizationId}: the list of decisions is version ${version}; followers start anew`);
  if (loss) {
    tell(
      `${organizationId}: the audit log goes on from entry ${loss.from - 1}; that entries ${loss.from} to ${loss.upTo}, which had been signed, are lost is noted and signed in the checkpoint file`,
    );
  } else if (fault) {
    tell(
      `${organizationId}: the audit log is faulty, and no restore explains it: ${fault.message} Nothing was noted of it`,
    );
  } else tell(`${organizationId}: the checkpoint file knows no more than the audit log`);
}
