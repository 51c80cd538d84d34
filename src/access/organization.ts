import type { Tx } from "../db.ts";
import { VigilError } from "../errors.ts";
import { audit } from "./audit.ts";
import { readName } from "./input.ts";

/** How short and how long an organization may set the idle time of its sessions, in minutes. */
export const idleBounds = { least: 2, most: 60 } as const;

export interface OrganizationChange {
  name?: string | undefined;
  sessionIdleMinutes?: number | undefined;
  secondFactorRequired?: boolean | undefined;
  /** IANA, e.g. `America/Chicago`. */
  timeZone?: string | undefined;
}

/** Changes the organization's name and settings; what is not given stays. In force on every server within 5 seconds. */
export async function changeOrganization(tx: Tx, change: OrganizationChange, actor: string): Promise<void> {
  const { sessionIdleMinutes: idle, secondFactorRequired, timeZone } = change;
  const name = change.name === undefined ? undefined : readName(change.name);
  if (idle !== undefined && !(Number.isInteger(idle) && idle >= idleBounds.least && idle <= idleBounds.most)) {
    const message = `A session may be idle from ${idleBounds.least} to ${idleBounds.most} minutes`;
    throw new VigilError("BAD_USER_INPUT", message, { path: ["sessionIdleMinutes"] });
  }
  if (timeZone !== undefined) checkTimeZone(timeZone);
  await tx.query(
    `UPDATE organizations SET name = coalesce($2, name), session_idle_minutes = coalesce($3, session_idle_minutes),
       second_factor_required = coalesce($4, second_factor_required), time_zone = coalesce($5, time_zone),
       rules_version = rules_version + ($5 IS DISTINCT FROM time_zone AND $5 IS NOT NULL)::int WHERE id = $1`,
    [tx.organizationId, name, idle, secondFactorRequired, timeZone], // behaviour rules know hours: compiled anew
  );
  const entity = { entityKind: "Organization", entityId: tx.organizationId };
  const detail = { name, sessionIdleMinutes: idle, secondFactorRequired, timeZone };
  await audit(tx, { actor, action: "ORGANIZATION_CHANGED", ...entity, detail });
}

/** A zone with a name: an offset would not know of daylight saving. */
function checkTimeZone(timeZone: string): void {
  try {
    if (!/^[A-Za-z]/.test(timeZone)) throw new RangeError();
    new Intl.DateTimeFormat("en-US", { timeZone });
  } catch {
    const message = `"${timeZone.slice(0, 50)}" is no IANA time zone, such as America/Chicago or UTC`;
    throw new VigilError("BAD_USER_INPUT", message, { path: ["timeZone"] });
  }
}
