import { wallTime } from "../time.ts";

const day = 86_400_000; // ms; a line may seem this late in the future because its zone is not known
const halfYear = 183 * day;
const leapCycle = 8; // years between two 29ths of February, at most

const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** 1-12, or undefined. */
export function monthNumber(name: string): number | undefined {
  const index = months.indexOf(name);
  return index < 0 ? undefined : index + 1;
}

export type YearGuess = (month: number, dayOfMonth: number, time: number) => number | undefined;

/**
 * The year that RFC 3164 leaves out: the latest in which the day is not after `latest`. A file runs forward: after
 * December comes the January of the next year, whatever `latest` says. Takes the time of day in ms, gives epoch ms.
 */
export function yearGuess(latest: number): YearGuess {
  let lastKey = -1; // month and day of the line before: nearly always the same
  let lastMidnight = 0;
  return (month, dayOfMonth, time) => {
    const key = month * 32 + dayOfMonth;
    if (key !== lastKey) {
      const midnight = midnightOf(month, dayOfMonth, latest, lastKey < 0 ? undefined : lastMidnight);
      if (midnight === undefined) return undefined;
      lastKey = key;
      lastMidnight = midnight;
    }
    return lastMidnight + time;
  };
}

function midnightOf(month: number, dayOfMonth: number, latest: number, before?: number): number | undefined {
  const newest = new Date(latest + day).getUTCFullYear();
  for (let year = newest; year > newest - leapCycle; year--) {
    const midnight = wallTime(year, month, dayOfMonth, 0, 0, 0);
    if (midnight === undefined || midnight > latest + day) continue;
    const wentBack = before !== undefined && midnight < before - halfYear;
    return (wentBack ? wallTime(year + 1, month, dayOfMonth, 0, 0, 0) : undefined) ?? midnight;
  }
  return undefined;
}
