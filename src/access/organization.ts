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
  /** Over the defaults, replacing what was set before: see incident/clocks.ts. */
  responseTimes?: object | undefined;
  /** Seconds, 0 to 30 days. */
  reopenGraceS?: number | undefined;
  /** Addresses, ranges and users that no response may touch; replaces the list. */
  protectedTargets?: readonly string[] | undefined;
  /** From which threat score on incidents are raised: see detect/risk/level.ts. */
  riskThresholds?: { high: number; critical: number } | undefined;
  /** IANA, e.g. `America/Chicago`. */
  timeZone?: string | undefined;
  /** So many automatic actions in 10 minutes. */
  responseCap?: number | undefined;
}

const mostProtected = 1_000;

/** Changes the organization's name and settings; what is not given stays. In force on every server within 5 seconds. */
export async function changeOrganization(tx: Tx, change: OrganizationChange, actor: string): Promise<void> {
  const { sessionIdleMinutes: idle, secondFactorRequired, responseTimes, reopenGraceS, protectedTargets } = change;
  const { riskThresholds: risk, timeZone, responseCap } = change;
  const name = change.name === undefined ? undefined : readName(change.name);
  if (idle !== undefined && !(Number.isInteger(idle) && idle >= idleBounds.least && idle <= idleBounds.most)) {
    const message = `A session may be idle from ${idleBounds.least} to ${idleBounds.most} minutes`;
    throw new VigilError("BAD_USER_INPUT", message, { path: ["sessionIdleMinutes"] });
  }
  const isGrace = (seconds: number): boolean => Number.isInteger(seconds) && seconds >= 0 && seconds <= 30 * 86_400;
  if (reopenGraceS !== undefined && !isGrace(reopenGraceS)) {
    throw new VigilError("BAD_USER_INPUT", "The grace is whole seconds, from PT0S to P30D", { path: ["reopenGrace"] });
  }
  const isTarget = (text: string): boolean => /^[^\0]{1,300}$/.test(text) && text.trim() === text;
  if (protectedTargets && !(protectedTargets.length <= mostProtected && protectedTargets.every(isTarget))) {
    const message = `At most ${mostProtected} addresses, ranges and users are protected, each of 1 to 300 characters`;
    throw new VigilError("BAD_USER_INPUT", message, { path: ["protectedTargets"] });
  }
  if (risk && !(risk.high > 0 && risk.high < risk.critical && risk.critical <= 100)) {
    const message = "Thresholds are 0 < high < critical <= 100";
    throw new VigilError("BAD_USER_INPUT", message, { path: ["riskThresholds"] });
  }
  if (timeZone !== undefined) checkTimeZone(timeZone);
  if (responseCap !== undefined && !(responseCap >= 0 && responseCap <= 10_000)) {
    throw new VigilError("BAD_USER_INPUT", "0 to 10,000 automatic actions", { path: ["responseCap"] });
  }
  await tx.query(
    `UPDATE organizations SET name = coalesce($2, name), session_idle_minutes = coalesce($3, session_idle_minutes),
       second_factor_required = coalesce($4, second_factor_required), response_times = coalesce($5, response_times),
       reopen_grace_s = coalesce($6, reopen_grace_s), protected_targets = coalesce($7, protected_targets),
       risk_high_at = coalesce($8, risk_high_at), risk_critical_at = coalesce($9, risk_critical_at),
       time_zone = coalesce($10, time_zone),
       rules_version = rules_version + ($10::text IS NOT NULL AND $10 IS DISTINCT FROM time_zone)::int,
       response_cap = coalesce($11, response_cap) WHERE id = $1`,
    [
      tx.organizationId,
      name,
      idle,
      secondFactorRequired,
      responseTimes && JSON.stringify(responseTimes),
      reopenGraceS,
      protectedTargets,
      risk?.high,
      risk?.critical,
      timeZone,
      responseCap,
    ],
  );
  const entity = { entityKind: "Organization", entityId: tx.organizationId };
  const detail = {
    name,
    sessionIdleMinutes: idle,
    secondFactorRequired,
    responseTimes,
    reopenGraceS,
    protectedTargets,
    riskThresholds: risk,
    timeZone,
    responseCap,
  };
  await audit(tx, { actor, action: "ORGANIZATION_CHANGED", ...entity, detail });
}

/** A zone with a name: an offset would not know of daylight saving. */
export function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en-US", { timeZone: name });
    return /^[A-Za-z]/.test(name);
  } catch {
    return false;
  }
}

function checkTimeZone(timeZone: string): void {
  if (isTimeZone(timeZone)) return;
  const message = `"${timeZone.slice(0, 50)}" is no IANA time zone, such as America/Chicago or UTC`;
  throw new VigilError("BAD_USER_INPUT", message, { path: ["timeZone"] });
}
