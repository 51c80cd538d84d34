/** When each moment of the clinic is sent: what lies in the past in quick motion, what is to come at its own time. Pure. */
export interface Pace {
  /** The first moment of the clinic, epoch ms, and when sending began. */
  from: number;
  began: number;
  /** How many times faster than life. */
  speed: number;
}

/** When an event of that time is due, epoch ms. Never before it happened. */
export function dueAt({ from, began, speed }: Pace, time: number): number {
  return Math.max(time, began + (time - from) / speed);
}

/** The Monday that lies so many weeks before the week of that moment, in the clinic's years, months and days. */
export function mondayBefore(now: number, weeks: number): { year: number; month: number; date: number } {
  const today = new Date(now);
  const sinceMonday = (today.getUTCDay() + 6) % 7;
  const monday = new Date(
    Date.UTC(today.getUTCFullYear(), today.getUTCMonth(), today.getUTCDate() - sinceMonday - weeks * 7),
  );
  return { year: monday.getUTCFullYear(), month: monday.getUTCMonth() + 1, date: monday.getUTCDate() };
}
