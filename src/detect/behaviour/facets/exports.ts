/** How many records a user takes out in exports, by day. */
import type { SecurityEvent } from "../../../ingest/event.ts";
import { recordCount } from "../../sigma/field-tables.ts";
import { userOf } from "../deeds.ts";
import type { Facet } from "../facet.ts";
import { localTime } from "../local-day.ts";
import { ofEvent } from "../of-event.ts";
import { isProgramsRole } from "../program.ts";
import { type DayCount, idleDays, usualOf } from "../usual.ts";

export interface Exports {
  /** Days with any, by the organization's calendar, the latest last. */
  days: [day: number, records: number][];
}

const daysKept = 24;
const most = 1_000_000_000; // a day: what a sender says is a number, and may be any
const taking = /(?:^|[^a-z])(?:bulk[-_. ]?)?(?:export|download|dump)/i;

/** Of an export that says how many; 0: the event is none. Programs take data out for their work. */
export const exportedRecords = ofEvent((event: SecurityEvent): number => {
  if (event.outcome === "FAILURE" || !taking.test(event.action) || userOf(event) === undefined) return 0;
  if (isProgramsRole(event)) return 0;
  const records = Number(recordCount(event));
  return Number.isFinite(records) && records > 0 ? Math.min(most, Math.round(records)) : 0;
});

export const exportsByDay: Facet<Exports> = {
  name: "exports",
  of: "USER",
  concerns: (event) => exportedRecords(event) > 0,
  empty: () => ({ days: [] }),
  learn({ days }, event, { timeZone }) {
    const { day } = localTime(event.time, timeZone);
    const latest = days.at(-1);
    if (latest && day < latest[0] - 1) return; // a log that comes days late teaches nothing of today
    if (latest && day <= latest[0]) latest[1] = Math.min(most, latest[1] + exportedRecords(event));
    else days.push([day, exportedRecords(event)]);
    if (days.length > daysKept) days.shift();
  },
  tell({ days }) {
    if (days.length < 3) return undefined;
    const { median, most: highest } = usualOf(days.map(([, records]) => records));
    return `exports ${Math.round(median)} records on days with exports, at most ${highest}`;
  },
};

/** What was exported on the day so far. */
export function exportedOn(state: Exports | undefined, day: number): number {
  const latest = state?.days.at(-1);
  return latest?.[0] === day ? latest[1] : 0;
}

/** Of the days before, and those on which the user was there and took nothing out. */
export function exportDays({ days }: Exports, day: number, activeDays: number): DayCount[] {
  const counts: DayCount[] = days.filter(([each]) => each < day);
  return [...counts, ...idleDays(day, Math.min(daysKept - 4, activeDays) - counts.length)];
}
