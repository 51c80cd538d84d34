/** How long each class of data is kept: the bounds, the defaults, and what the organization has chosen. */
import { audit } from "../access/audit.ts";
import type { Tx } from "../db.ts";
import { VigilError } from "../errors.ts";
import type { RetentionClass } from "../generated/prisma/client.ts";

const longest = 36_500; // a hundred years
const sixYears = 2_190; // what 45 CFR 164.316(b)(2)(i) asks of documentation; the leap days are added at the cut-off

/** The same numbers stand in the migration, where they hold against everyone. */
export const bounds: Readonly<Record<RetentionClass, { default: number; minimum: number; maximum: number }>> = {
  EVENTS: { default: 90, minimum: 7, maximum: longest },
  METRICS: { default: 400, minimum: 7, maximum: longest },
  NOTIFICATIONS: { default: 90, minimum: 7, maximum: longest },
  ALERTS: { default: 400, minimum: 30, maximum: longest },
  INCIDENTS: { default: sixYears, minimum: sixYears, maximum: longest },
  AUDIT: { default: sixYears, minimum: sixYears, maximum: longest },
};

export const retentionClasses = Object.keys(bounds) as RetentionClass[];

export interface Policy {
  class: RetentionClass;
  days: number;
  /** Null: the default holds. */
  updatedAt: Date | null;
  updatedBy: string | null;
}

/** Why the class may not be kept for so many days; undefined: it may. */
export function judgeDays(name: RetentionClass, days: number): string | undefined {
  const { minimum, maximum } = bounds[name];
  if (days >= minimum && days <= maximum) return undefined;
  const why = minimum === sixYears ? " (six years, which HIPAA asks for)" : "";
  return `${name} is kept for ${minimum}${why} to ${maximum} days, not ${days}.`;
}

/** Sets the organization's own time for one class. Errors: BAD_USER_INPUT (out of bounds). */
export async function updatePolicy(
  tx: Tx,
  input: { class: RetentionClass; days: number; actor: string; now: number },
): Promise<Policy> {
  const { class: name, days, actor, now } = input;
  const refusal = judgeDays(name, days);
  if (refusal) throw new VigilError("BAD_USER_INPUT", refusal, { path: ["input", "days"] });
  const { rows } = await tx.query<{ before: number }>("SELECT retention_days($1::retention_class) AS before", [name]);
  const updatedAt = new Date(now);
  await tx.query(
    `INSERT INTO retention_policies (organization_id, class, days, updated_at, updated_by) VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT (organization_id, class) DO UPDATE SET days = excluded.days, updated_at = excluded.updated_at,
       updated_by = excluded.updated_by`,
    [tx.organizationId, name, days, updatedAt, actor],
  );
  await audit(tx, {
    actor,
    action: "RETENTION_POLICY_CHANGED",
    entityKind: "RetentionPolicy",
    entityId: name,
    detail: { from: rows[0]?.before, to: days },
  });
  return { class: name, days, updatedAt, updatedBy: actor };
}
