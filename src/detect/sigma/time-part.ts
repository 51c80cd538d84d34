/** The modifiers minute … year: a number out of a point in time. */
import type { TimePart } from "./document.ts";

/** Least and greatest value of each part. Weeks are those of ISO 8601. */
export const timeParts: Record<TimePart, readonly [number, number]> = {
  minute: [0, 59],
  hour: [0, 23],
  day: [1, 31],
  week: [1, 53],
  month: [1, 12],
  year: [0, 9999],
};

const written = /^\s*(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d))?/i;
const seconds = 1e11; // an epoch number below this counts seconds (the year 5138), above it milliseconds

/**
 * NaN if the value is no date. A written date is taken as it is written, whatever its zone; an epoch number is UTC. The
 * specification asks for no conversion.
 */
export function timePart(value: unknown, part: TimePart): number {
  if (typeof value === "number" || (typeof value === "string" && /^\d{9,14}(\.\d+)?$/.test(value))) {
    const date = new Date(Number(value) < seconds ? Number(value) * 1_000 : Number(value));
    return ofNumbers(
      part,
      date.getUTCFullYear(),
      date.getUTCMonth() + 1,
      date.getUTCDate(),
      date.getUTCHours(),
      date.getUTCMinutes(),
    );
  }
  const found = typeof value === "string" ? written.exec(value) : null;
  if (!found) return Number.NaN;
  const [year = 0, month = 0, day = 0, hour = Number.NaN, minute = Number.NaN] = found
    .slice(1)
    .map((text) => (text === undefined ? Number.NaN : Number(text)));
  return ofNumbers(part, year, month, day, hour, minute);
}

function ofNumbers(part: TimePart, year: number, month: number, day: number, hour: number, minute: number): number {
  return part === "week" ? weekOf(year, month, day) : { year, month, day, hour, minute }[part];
}

/** The week that holds the day's Thursday, counted from the week of the year's first Thursday. */
function weekOf(year: number, month: number, day: number): number {
  const date = new Date(Date.UTC(year, month - 1, day));
  date.setUTCDate(date.getUTCDate() + 4 - (date.getUTCDay() || 7));
  const firstDay = Date.UTC(date.getUTCFullYear(), 0, 1);
  return Math.ceil(((date.getTime() - firstDay) / 86_400_000 + 1) / 7);
}
