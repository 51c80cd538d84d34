/** Times at which it is quiet: of a route, and the quiet hours of a user. Decides only. */
import { isTimeZone } from "../access/organization.ts";
import { VigilError } from "../errors.ts";
import { datePlus, localAt, minutesOf, type WeekDay, weekDays } from "./local-time.ts";

export interface Hours {
  /** On which days they begin; absent: on all. */
  days?: readonly WeekDay[] | undefined;
  /** HH:MM; absent: 00:00. */
  from?: string | undefined;
  /** HH:MM, before which; up to `from` it goes over midnight. Absent: midnight. */
  to?: string | undefined;
}

export interface MuteTime extends Hours {
  /** What it is, e.g. "Weekend". */
  name?: string | undefined;
  /** On these dates only, YYYY-MM-DD, e.g. holidays. */
  dates?: readonly string[] | undefined;
  /** IANA time zone. */
  timeZone: string;
}

/** Whether it is such a time at a moment, epoch ms. What goes over midnight belongs to the day on which it began. */
export function isWithin({ days, from, to, dates }: Omit<MuteTime, "timeZone">, timeZone: string, at: number): boolean {
  const { date, day, minute } = localAt(timeZone, at);
  const start = minutesOf(from ?? "00:00") ?? 0;
  const end = minutesOf(to ?? "00:00") ?? 0;
  const begins = (onDate: string, onDay: WeekDay): boolean =>
    (!days?.length || days.includes(onDay)) && (!dates?.length || dates.includes(onDate));
  const today = begins(date, day);
  if (end > start) return today && minute >= start && minute < end;
  if (minute >= start && today) return true;
  if (minute >= end) return false;
  const yesterday = weekDays[(weekDays.indexOf(day) + 6) % 7] as WeekDay;
  return begins(datePlus(date, -1), yesterday);
}

/** The first of these times that it is, as a reason; undefined: none. */
export function mutedBy(times: readonly MuteTime[], at: number): string | undefined {
  const found = times.find((time) => isWithin(time, time.timeZone, at));
  return found && (found.name ?? `${found.from ?? "00:00"} to ${found.to ?? "24:00"} ${found.timeZone}`);
}

const most = 50;

/** Errors: BAD_USER_INPUT, with the path of what is wrong below `path`. */
export function checkMuteTimes(times: readonly MuteTime[], path: readonly string[]): void {
  if (times.length > most) refuse(`At most ${most}, not ${times.length}.`, path);
  times.forEach((time, index) => {
    const place = [...path, String(index)];
    if (!isTimeZone(time.timeZone))
      refuse(`There is no time zone ${JSON.stringify(time.timeZone)}.`, [...place, "timeZone"]);
    for (const [at, date] of (time.dates ?? []).entries()) {
      if (!/^\d{4}-\d\d-\d\d$/.test(date) || Number.isNaN(Date.parse(`${date}T00:00:00Z`)))
        refuse("A date is YYYY-MM-DD.", [...place, "dates", String(at)]);
    }
    checkHours(time, place);
  });
}

/** Errors: BAD_USER_INPUT. */
export function checkHours({ days, from, to }: Hours, path: readonly string[]): void {
  for (const [field, text] of Object.entries({ from, to })) {
    if (text !== undefined && minutesOf(text) === undefined) refuse("A time is HH:MM.", [...path, field]);
  }
  for (const day of days ?? []) {
    if (!weekDays.includes(day)) refuse(`A day is one of ${weekDays.join(", ")}.`, [...path, "days"]);
  }
}

function refuse(message: string, path: readonly string[]): never {
  throw new VigilError("BAD_USER_INPUT", message, { path: [...path] });
}
