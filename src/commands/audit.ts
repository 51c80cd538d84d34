import { audit } from "../access/audit.ts";
import { cliSubject } from "../access/viewer.ts";
import type { App } from "../app.ts";

/** The audit log as lines of NDJSON, once its reading has been audited. */
export async function* exportedAudit(app: App, organizationId: string): AsyncGenerator<string> {
  await app.db.inOrganization(organizationId, (tx) =>
    audit(tx, { actor: cliSubject, action: "AUDIT_EXPORTED", entityKind: "AuditEntry", entityId: "all" }),
  );
  yield* app.auditTrail.export(organizationId);
}

/** Verifies the audit log of one organization, or of all; tells the first fault of each. True when there is none. */
export async function verifyAudits(app: App, slug: string | undefined, tell: (line: string) => void): Promise<boolean> {
  const ids = slug === undefined ? await app.db.organizationIds() : [await app.organizationBySlug(slug)];
  let good = true;
  for (const id of ids) {
    const name = slug ?? (await slugOf(app, id));
    const { entries, checkpoints, unknownCheckpoints, cut, losses, fault } = await app.auditTrail.verify(id);
    if (fault) {
      good = false;
      tell(`${name}: FAULTY first bad entry ${fault.seq}: ${fault.kind} ${fault.message}`);
    } else tell(`${name}: verified, ${entries} entries, ${checkpoints} checkpoints outside the database agree`);
    if (cut) tell(`${name}: entries up to ${cut.seq} were kept long enough and cut off at ${cut.at}`);
    for (const { from, upTo, at } of losses) {
      tell(`${name}: signed entries ${from} to ${upTo} were lost in a restore, which was noted at ${at}`);
    }
    if (unknownCheckpoints > 0) {
      tell(`${name}: ${unknownCheckpoints} lines of the checkpoint file are unreadable or signed by another key`);
    }
  }
  return good;
}

async function slugOf(app: App, organizationId: string): Promise<string> {
  const { rows } = await app.db.query<{ slug: string }>(
    organizationId,
    "SELECT slug FROM organizations WHERE id = $1",
    [organizationId],
  );
  return rows[0]?.slug ?? organizationId;
}
