/** The clinic's calendar: its days in its own time zone, when it is closed, when the month ends. */
export interface Day {
  /** 0: the first day of the run, a Monday. */
  index: number;
  year: number;
  month: number;
  date: number;
  /** 0: Sunday. */
  weekday: number;
  /** A public holiday. */
  holiday: boolean;
  /** Epoch ms of so many minutes after midnight on the clinic's wall clock; may be beyond the day. */
  at(minutes: number): number;
}

export interface CalendarDate {
  year: number;
  /** 1 for January. */
  month: number;
  date: number;
}

const minute = 60_000;
const dayMs = 86_400_000;

/** Each run has a change to or from daylight-saving time in its fourth week, and a holiday. */
export const starts: readonly CalendarDate[] = [
  { year: 2026, month: 2, date: 9 }, // clocks go forward on 8 March
  { year: 2025, month: 10, date: 6 }, // clocks go back on 2 November
];
const holidays = new Set(["2026-2-16", "2026-5-25", "2025-11-11", "2025-11-27", "2025-12-25", "2026-1-1"]);

export function dayOf(zone: string, start: CalendarDate, index: number): Day {
  const noon = new Date(Date.UTC(start.year, start.month - 1, start.date + index, 12));
  const [year, month, date] = [noon.getUTCFullYear(), noon.getUTCMonth() + 1, noon.getUTCDate()];
  const midnight = Date.UTC(year, month - 1, date);
  const offsets = [
    offsetOf(zone, midnight),
    offsetOf(zone, midnight + dayMs / 2),
    offsetOf(zone, midnight + 1.5 * dayMs),
  ] as [number, number, number];
  return {
    index,
    year,
    month,
    date,
    weekday: noon.getUTCDay(),
    holiday: holidays.has(`${year}-${month}-${date}`),
    at(minutes) {
      // Clocks change at two in the morning, when nobody looks: by then the new offset counts.
      const offset = minutes < 120 ? offsets[0] : minutes < 1_560 ? offsets[1] : offsets[2];
      return Math.round(midnight + minutes * minute) - offset;
    },
  };
}

/** Open from Monday to Saturday but for holidays. */
export function isOpen(day: Day): boolean {
  return day.weekday !== 0 && !day.holiday;
}

/** The last two and the first two days of a month, when bills go out. */
export function isMonthEnd(day: Day): boolean {
  const last = new Date(Date.UTC(day.year, day.month, 0)).getUTCDate();
  return day.date >= last - 1 || day.date <= 2;
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** By how much the zone's wall clock is ahead of UTC at that wall-clock time, ms. */
function offsetOf(zone: string, wall: number): number {
  let format = formats.get(zone);
  if (!format) {
    const fields = { year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit" } as const;
    format = new Intl.DateTimeFormat("en-US", { timeZone: zone, hourCycle: "h23", ...fields });
    formats.set(zone, format);
  }
  const shown = (instant: number): number => {
    const part = Object.fromEntries(
      (format as Intl.DateTimeFormat).formatToParts(instant).map((p) => [p.type, p.value]),
    );
    return Date.UTC(
      Number(part.year),
      Number(part.month) - 1,
      Number(part.day),
      Number(part.hour),
      Number(part.minute),
    );
  };
  const guess = wall - (shown(wall) - wall);
  return shown(guess) - guess;
}
