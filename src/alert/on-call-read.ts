/** On-call schedules as they are stored, and who is on call by them. */
import type { Tx } from "../db.ts";
import { type Duty, dutyAt, type Layer, type Override, onCallBetween, type Schedule, type Shift } from "./on-call.ts";

export interface StoredSchedule extends Schedule {
  id: string;
  name: string;
  calendarRevision: number;
  updatedAt: Date;
  overrides: Override[];
}

/** Those with these ids, or all; with the overrides that touch the time. */
export async function readSchedules(
  tx: Tx,
  ids: readonly string[] | null,
  { from, to }: { from: number; to: number },
): Promise<StoredSchedule[]> {
  const { rows } = await tx.query<
    StoredSchedule & { overrides: { userId: string; startsAt: string; endsAt: string }[] }
  >(
    `SELECT s.id, s.name, s.time_zone AS "timeZone", s.layers, s.calendar_revision AS "calendarRevision", s.updated_at AS "updatedAt",
       (SELECT coalesce(jsonb_agg(jsonb_build_object('userId', o.user_id, 'startsAt', o.starts_at, 'endsAt', o.ends_at)), '[]')
         FROM on_call_overrides o WHERE o.organization_id = $1 AND o.schedule_id = s.id AND o.ends_at > $3 AND o.starts_at < $4) AS overrides
     FROM on_call_schedules s WHERE s.organization_id = $1 AND ($2::uuid[] IS NULL OR s.id = ANY ($2)) ORDER BY s.name`,
    [tx.organizationId, ids, new Date(from), new Date(to)],
  );
  return rows.map((row) => ({
    ...row,
    layers: row.layers as readonly Layer[],
    overrides: row.overrides.map(({ userId, startsAt, endsAt }) => ({
      userId,
      startsAt: Date.parse(startsAt as unknown as string),
      endsAt: Date.parse(endsAt as unknown as string),
    })),
  }));
}

export interface OnCallNow {
  at: number;
  /** Null: nobody. */
  duty: Duty | null;
  /** Who is on call from then on, without a gap; the first one's shift may have begun before. */
  shifts: Shift[];
}

const ahead = 28 * 86_400_000; // ms that are looked ahead

/** Who is on call by a schedule at a moment, and after that. */
export function onCallFrom(schedule: StoredSchedule, at: number): OnCallNow {
  const shifts = onCallBetween(schedule, schedule.overrides, { from: at, to: at + ahead });
  return { at, duty: dutyAt(schedule, schedule.overrides, at), shifts };
}

/** Undefined: there is no such schedule. */
export async function readOnCall(tx: Tx, scheduleId: string, at: number): Promise<OnCallNow | undefined> {
  const [schedule] = await readSchedules(tx, [scheduleId], { from: at, to: at + ahead });
  return schedule && onCallFrom(schedule, at);
}
