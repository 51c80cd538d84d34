/** The clock on the wall of a time zone, by the runtime's own tables, so that it is right when clocks change. */

export const weekDays = ["MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"] as const;
export type WeekDay = (typeof weekDays)[number];

export interface LocalTime {
  /** YYYY-MM-DD. */
  readonly date: string;
  readonly day: WeekDay;
  /** Minutes since midnight as the wall's clock has them, 0 to 1439. */
  readonly minute: number;
}

const formats = new Map<string, Intl.DateTimeFormat>();
/** What was asked last: a schedule may have a thousand hours, all of which are asked of one moment. */
let last = { timeZone: "", at: Number.NaN, local: { date: "", day: "MON", minute: 0 } as LocalTime };

/** What the wall's clock says at a moment, epoch ms. Errors: RangeError for a zone that there is not. */
export function localAt(timeZone: string, at: number): LocalTime {
  if (last.at !== at || last.timeZone !== timeZone) last = { timeZone, at, local: readAt(timeZone, at) };
  return last.local;
}

function readAt(timeZone: string, at: number): LocalTime {
  let format = formats.get(timeZone);
  if (!format) {
    format = new Intl.DateTimeFormat("en-CA", {
      timeZone,
      hourCycle: "h23",
      year: "numeric",
      month: "2-digit",
      day: "2-digit",
      hour: "2-digit",
      minute: "2-digit",
      weekday: "short",
    });
    formats.set(timeZone, format);
  }
  const parts = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, value]));
  return {
    date: `${parts.year}-${parts.month}-${parts.day}`,
    day: (parts.weekday as string).slice(0, 3).toUpperCase() as WeekDay,
    minute: Number(parts.hour) * 60 + Number(parts.minute),
  };
}

const dayMs = 86_400_000;

/** The date so many days after another, both YYYY-MM-DD. */
export function datePlus(date: string, days: number): string {
  return new Date(Date.parse(`${date}T00:00:00Z`) + days * dayMs).toISOString().slice(0, 10);
}

/** The day of the week of a date. */
export function dayOf(date: string): WeekDay {
  return weekDays[(new Date(`${date}T00:00:00Z`).getUTCDay() + 6) % 7] as WeekDay;
}

/** `HH:MM` in minutes; undefined: it is none. */
export function minutesOf(text: string): number | undefined {
  const found = /^([01]\d|2[0-3]):([0-5]\d)$/.exec(text);
  return found ? Number(found[1]) * 60 + Number(found[2]) : undefined;
}

/**
 * The moment, epoch ms, at which the wall's clock says this. A time that the clocks leap over is the moment of the leap;
 * of one that comes twice it is the first.
 */
export function momentOf(timeZone: string, date: string, minute: number): number {
  const wanted = Date.parse(`${date}T00:00:00Z`) + minute * 60_000;
  const readingAt = (at: number): number => {
    const local = localAt(timeZone, at);
    return Date.parse(`${local.date}T00:00:00Z`) + local.minute * 60_000;
  };
  // The zone's two offsets about then; the clock says what is wanted under the one, the other, both or none of them.
  const offsets = [wanted - dayMs, wanted + dayMs].map((at) => readingAt(at) - at);
  const fitting = offsets.map((offset) => wanted - offset).filter((at) => readingAt(at) === wanted);
  if (fitting.length > 0) return Math.min(...fitting);
  let [low, high] = [wanted - dayMs, wanted + dayMs]; // leapt over: the first moment that reads later
  while (high - low > 60_000) {
    const middle = Math.floor((low + high) / 120_000) * 60_000;
    if (readingAt(middle) >= wanted) high = middle;
    else low = middle;
  }
  return high;
}
