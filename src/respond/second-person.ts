/**
 * What is destructive takes two people (R6). In an emergency one may do it alone, by break-glass: every administrator hears
 * of it here, and the use of break-glass itself is reviewed by another person.
 */
import { audit } from "../access/audit.ts";
import type { Viewer } from "../access/viewer.ts";
import type { Tx } from "../db.ts";
import { notify } from "../publish/notify.ts";

interface Who {
  viewer: Viewer;
  /** As the audit log keeps it. */
  auditActor: string;
  now: number;
}

/** The incident that reports the viewer's use of break-glass, while it lasts; undefined: they use none. */
export async function brokenGlass(
  tx: Tx,
  { viewer, now }: Pick<Who, "viewer" | "now">,
): Promise<{ incidentId: string | null } | undefined> {
  const { rows } = await tx.query<{ incidentId: string | null }>(
    `SELECT incident_id AS "incidentId" FROM break_glass_uses
     WHERE organization_id = $1 AND user_id = $2 AND started_at <= $3 AND expires_at > $3
       AND outcome IS DISTINCT FROM 'UNJUSTIFIED' ORDER BY started_at DESC LIMIT 1`,
    [tx.organizationId, viewer.id, new Date(now)],
  );
  return rows[0];
}

interface Deed {
  entityKind: "IncidentAction" | "Decision";
  id: string;
  /** In the audit log. */
  action: string;
  type: string;
  target: string;
  /** What happened, as one line that names nobody; and in full. */
  title: string;
  body: string;
  incidentId: string | null;
}

/** Writes down that one person did it alone, and tells every administrator. */
export async function tellAlone(tx: Tx, deed: Deed, { auditActor, now }: Pick<Who, "auditActor" | "now">) {
  const { entityKind, id, action, type, target, title, body, incidentId } = deed;
  await audit(tx, { actor: auditActor, action, entityKind, entityId: id, detail: { type, target } });
  const notice = {
    cause: `break-glass ${id}`,
    kind: "incident.break-glass" as const,
    to: { roles: ["ADMIN"] },
    priority: "CRITICAL" as const,
    title,
    body,
    incidentId,
  };
  await notify(tx, [notice], now);
}
