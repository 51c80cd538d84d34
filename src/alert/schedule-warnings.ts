/** When nobody is on call, and who is on call that cannot be: allowed, and worth mending. */
import type { Tx } from "../db.ts";
import type { Shift } from "./on-call.ts";
import { onCallFrom, readSchedules, type StoredSchedule } from "./on-call-read.ts";

const shown = 5; // gaps that are named
const ahead = 28 * 86_400_000; // ms

/** Pure. `shifts` without a gap; `suspended` are ids. */
export function scheduleWarnings(
  { timeZone }: Pick<StoredSchedule, "timeZone">,
  shifts: readonly Shift[],
  suspended: ReadonlySet<string>,
): string[] {
  const format = new Intl.DateTimeFormat("en-CA", {
    timeZone,
    hourCycle: "h23",
    dateStyle: "short",
    timeStyle: "short",
  });
  const when = (at: number): string => format.format(at).replace(",", "");
  const gaps = shifts.filter(({ userId }) => userId === null);
  const away = shifts.filter(({ userId }) => userId !== null && suspended.has(userId));
  return [
    ...gaps.slice(0, shown).map(({ from, to }) => `Nobody is on call from ${when(from)} to ${when(to)}.`),
    ...(gaps.length > shown ? [`Nobody is on call at ${gaps.length - shown} more times within four weeks.`] : []),
    ...away.slice(0, shown).map(({ from }) => `Who is on call from ${when(from)} on is suspended: nobody is told.`),
  ];
}

/** By schedule id. */
export async function readScheduleWarnings(
  tx: Tx,
  ids: readonly string[] | null,
  now: number,
): Promise<Map<string, { name: string; warnings: string[] }>> {
  const schedules = await readSchedules(tx, ids, { from: now, to: now + ahead });
  const { rows } = await tx.query<{ id: string }>(
    "SELECT id FROM users WHERE organization_id = $1 AND suspended_at IS NOT NULL",
    [tx.organizationId],
  );
  const suspended = new Set(rows.map(({ id }) => id));
  return new Map(
    schedules.map((one) => {
      const warnings = scheduleWarnings(one, onCallFrom(one, now).shifts, suspended);
      return [one.id, { name: one.name, warnings }];
    }),
  );
}
