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
  /** From which threat score on incidents are raised: see detect/risk/level.ts. */
  riskThresholds?: { high: number; critical: number } | undefined;
}

/** Changes the organization's name and settings; what is not given stays. In force on every server within 5 seconds. */
export async function changeOrganization(tx: Tx, change: OrganizationChange, actor: string): Promise<void> {
  const { sessionIdleMinutes: idle, secondFactorRequired, responseTimes, reopenGraceS, riskThresholds: risk } = change;
  const name = change.name === undefined ? undefined : readName(change.name);
  if (idle !== undefined && !(Number.isInteger(idle) && idle >= idleBounds.least && idle <= idleBounds.most)) {
    const message = `A session may be idle from ${idleBounds.least} to ${idleBounds.most} minutes`;
    throw new VigilError("BAD_USER_INPUT", message, { path: ["sessionIdleMinutes"] });
  }
  if (reopenGraceS !== undefined && !(reopenGraceS >= 0 && reopenGraceS <= 30 * 86_400)) {
    throw new VigilError("BAD_USER_INPUT", "The grace is from PT0S to P30D", { path: ["reopenGrace"] });
  }
  if (risk && !(risk.high > 0 && risk.high < risk.critical && risk.critical <= 100)) {
    const message = "Thresholds are 0 < high < critical <= 100";
    throw new VigilError("BAD_USER_INPUT", message, { path: ["riskThresholds"] });
  }
  await tx.query(
    `UPDATE organizations SET name = coalesce($2, name), session_idle_minutes = coalesce($3, session_idle_minutes),
       second_factor_required = coalesce($4, second_factor_required), response_times = coalesce($5, response_times),
       reopen_grace_s = coalesce($6, reopen_grace_s), risk_high_at = coalesce($7, risk_high_at),
       risk_critical_at = coalesce($8, risk_critical_at) WHERE id = $1`,
    [
      tx.organizationId,
      name,
      idle,
      secondFactorRequired,
      responseTimes && JSON.stringify(responseTimes),
      reopenGraceS,
      risk?.high,
      risk?.critical,
    ],
  );
  const entity = { entityKind: "Organization", entityId: tx.organizationId };
  const detail = {
    name,
    sessionIdleMinutes: idle,
    secondFactorRequired,
    responseTimes,
    reopenGraceS,
    riskThresholds: risk,
  };
  await audit(tx, { actor, action: "ORGANIZATION_CHANGED", ...entity, detail });
}
