/** How many patients' records a user opens in an hour and in a day. Patients stand in it disguised. */
import type { Facet } from "../facet.ts";
import { localTime } from "../local-day.ts";
import { countPatients, daySlots, hourSlots, notePatient, type Recent } from "../recent-patients.ts";
import { isRecordAccess, patientKey } from "../record-access.ts";
import { usualOf } from "../usual.ts";

export interface RecordAccess extends Recent {
  /** The first and the latest day, by the organization's calendar, days since 1970; 0: none yet. */
  since: number;
  day: number;
  /** Of days with any, the latest last: the most different patients in an hour, and in all. */
  days: [day: number, hour: number, whole: number][];
}

const daysKept = 41; // the latest, and as many before it as may be asked for learning

export const recordAccess: Facet<RecordAccess> = {
  name: "record_access",
  of: "USER",
  concerns: isRecordAccess,
  empty: () => ({ slot: 0, patients: "", since: 0, day: 0, days: [] }),
  learn(state, event, seen) {
    const { day, hourOfWeek } = localTime(event.time, seen.timeZone);
    if (state.day !== 0 && day < state.day - 1) return; // a log that comes days late teaches nothing of today
    notePatient(state, patientKey(event, seen), event.time);
    if (state.day === 0) state.since = day;
    state.day = Math.max(state.day, day);
    let today = state.days.at(-1);
    if (!today || today[0] < state.day) {
      today = [state.day, 0, 0];
      state.days.push(today);
      if (state.days.length > daysKept) state.days.shift();
    }
    today[1] = Math.max(today[1], countPatients(state, event.time, hourSlots).patients);
    today[2] = Math.max(today[2], countPatients(state, event.time, daySlots(event.time, hourOfWeek)).patients);
  },
  tell({ days }) {
    if (days.length < 3) return undefined;
    const hour = usualOf(days.map(([, count]) => count));
    const whole = usualOf(days.map(([, , count]) => count));
    return `opens records of ${round(whole.median)} patients a day, at most ${hour.most} in an hour`;
  },
};

function round(count: number): string {
  return String(Math.round(count));
}
