/** Days and hours by the organization's clock, as numbers that go on counting. */
import { hourOfWeek } from "./local-time.ts";

const hourMs = 3_600_000;
const week = 168;

export interface LocalTime {
  /** Days since 1970-01-01. */
  day: number;
  /** Hours since 1970-01-01 00:00. */
  hour: number;
  /** 0 is Monday 00:00–00:59, 167 Sunday 23:00–23:59. */
  hourOfWeek: number;
}

export function localTime(time: number, timeZone: string): LocalTime {
  const slot = hourOfWeek(time, timeZone);
  const utc = Math.floor(time / hourMs);
  const utcSlot = (((utc + 72) % week) + week) % week; // 1970-01-01 was a Thursday
  const ahead = ((slot - utcSlot + week + week / 2) % week) - week / 2;
  const hour = utc + ahead;
  return { hour, day: Math.floor(hour / 24), hourOfWeek: slot };
}

/** 0 is Monday. */
export function weekdayOf(day: number): number {
  return (((day + 3) % 7) + 7) % 7;
}

/** From the 28th to the 3rd: when a clinic bills, reports and closes its books. */
export function isMonthTurn(day: number): boolean {
  const date = new Date(day * 86_400_000).getUTCDate();
  return date >= 28 || date <= 3;
}
