/** The patients whose records a user opened though nothing makes them the user's own; see `isForeign`. All disguised. */
import type { SecurityEvent } from "../../../ingest/event.ts";
import type { Facet, Seen } from "../facet.ts";
import { localTime } from "../local-day.ts";
import { actorName, patientName } from "../person-names.ts";
import { isPatientsOwn, isRecordAccess, patientKey, userKey } from "../record-access.ts";
import { findKey, keyLength, shortKey } from "../short-key.ts";
import { usualOf } from "../usual.ts";
import { care, isCareDeed, isForeign, isVisit, saysOwn } from "./care.ts";
import { isColleagues, names } from "./names.ts";

export interface ForeignPatients {
  /** The first day, days since 1970; 0: none yet. */
  since: number;
  /** Of the latest day. */
  today: string;
  /** Of days with records opened, the latest last. */
  days: [day: number, patients: number][];
  /** Those of the last week who have something in common, the latest last. */
  named: Named[];
}

/** The surname is "" where it is not known. */
export type Named = [patient: string, day: number, surname: string, ownSurname: 0 | 1, colleague: 0 | 1];

export const mostToday = 100;
const daysKept = 21; // the latest, and as many before it as may be asked for learning
const mostNamed = 60;
export const namedDays = 7;

export function concernsCare(event: SecurityEvent): boolean {
  return isRecordAccess(event) && !isPatientsOwn(event);
}

export const foreignPatients: Facet<ForeignPatients> = {
  name: "foreign_patients",
  of: "USER",
  concerns: concernsCare,
  empty: () => ({ since: 0, today: "", days: [], named: [] }),
  learn(state, event, seen) {
    const { day } = localTime(event.time, seen.timeZone);
    let latest = state.days.at(-1);
    if (latest && day < latest[0]) return; // a log that comes days late teaches nothing of today
    if (!latest || day > latest[0]) {
      latest = [day, 0];
      state.days.push(latest);
      if (state.days.length > daysKept) state.days.shift();
      state.today = "";
      state.named = state.named.filter((each) => day - each[1] < namedDays);
    }
    if (state.since === 0) state.since = day;
    if (isCareDeed(event)) {
      forget(state, latest, patientKey(event, seen));
      return;
    }
    const foreign = foreignIn(event, seen, day);
    if (!foreign || findKey(state.today, foreign, keyLength) >= 0) return;
    latest[1]++;
    if (state.today.length < mostToday * keyLength) state.today += foreign;
    const named = namedOf(event, seen, foreign, day);
    if (!named || state.named.some(([patient]) => patient === foreign)) return;
    state.named.push(named);
    if (state.named.length > mostNamed) state.named.shift();
  },
  tell({ days }) {
    if (days.length < 5) return undefined;
    const { most, median } = usualOf(days.map(([, patients]) => patients));
    return `opens records of ${Math.round(median)} patients a day who are not known as the user's, at most ${most}`;
  },
};

/** What is done for a patient on the same day is why the record was opened. */
function forget(state: ForeignPatients, latest: [day: number, patients: number], patient: string): void {
  const at = findKey(state.today, patient, keyLength);
  if (at < 0) return;
  latest[1]--;
  state.today = state.today.slice(0, at) + state.today.slice(at + keyLength);
  state.named = state.named.filter(([each, day]) => each !== patient || day !== latest[0]);
}

/** The patient of the event, disguised, where nothing makes the patient one of the user's. */
export function foreignIn(event: SecurityEvent, seen: Seen, day: number): string | undefined {
  if (isVisit(event)) return undefined;
  const own = saysOwn(event);
  if (own === true || (own === undefined && !isForeign(seen.facet(care), userKey(event, seen), day))) return undefined;
  return patientKey(event, seen);
}

export function namedOf(event: SecurityEvent, seen: Seen, patient: string, day: number): Named | undefined {
  const name = patientName(event);
  if (!name) return undefined;
  const own = actorName(event);
  const isOwn = own !== undefined && own.surname === name.surname && own.full !== name.full;
  const colleague = isColleagues(seen.facet(names), event, seen);
  return [patient, day, shortKey("surname", name.surname, seen), isOwn ? 1 : 0, colleague ? 1 : 0];
}
