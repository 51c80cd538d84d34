/** How common surnames are among an organization's patients, and who works there: all disguised. */
import type { SecurityEvent } from "../../../ingest/event.ts";
import type { Facet, Surroundings } from "../facet.ts";
import { actorName, patientName } from "../person-names.ts";
import { isPatientsOwn, isRecordAccess, patientKey } from "../record-access.ts";
import { findKey, keyLength, shortKey } from "../short-key.ts";
import { recordAccess } from "./record-access.ts";

export interface Names {
  /** The patients counted last, so that a visit of many events counts once. */
  latest: string;
  counted: number;
  /** The most common ones (space-saving: a new one takes the place and the count of the rarest, so none is underestimated). */
  surnames: [surname: string, count: number][];
  /** Full names of people who opened several patients' records on one day. */
  staff: string;
}

const latestKept = 60;
const mostSurnames = 80;
const mostStaff = 200;
const fadeAt = 20_000;
const patientsOfStaff = 3;

export const names: Facet<Names> = {
  name: "names",
  of: "ORGANIZATION",
  concerns: (event) => isRecordAccess(event) && !isPatientsOwn(event),
  empty: () => ({ latest: "", counted: 0, surnames: [], staff: "" }),
  learn(state, event, seen) {
    const works = (seen.facet(recordAccess)?.days.at(-1)?.[2] ?? 0) >= patientsOfStaff;
    const colleague = works ? actorName(event) : undefined;
    if (colleague) {
      const key = shortKey("name", colleague.full, seen);
      if (findKey(state.staff, key, keyLength) < 0) state.staff = latest(state.staff + key, mostStaff);
    }
    const name = patientName(event);
    if (!name) return;
    const patient = patientKey(event, seen);
    if (findKey(state.latest, patient, keyLength) >= 0) return;
    state.latest = latest(state.latest + patient, latestKept);
    count(state, shortKey("surname", name.surname, seen));
  },
};

function latest(keys: string, most: number): string {
  return keys.slice(-most * keyLength);
}

function count(state: Names, surname: string): void {
  state.counted++;
  const entry = state.surnames.find(([each]) => each === surname);
  if (entry) entry[1]++;
  else if (state.surnames.length < mostSurnames) state.surnames.push([surname, 1]);
  else {
    const rarest = state.surnames.reduce((least, each) => (each[1] < least[1] ? each : least));
    rarest[0] = surname;
    rarest[1]++;
  }
  if (state.counted < fadeAt) return;
  state.counted = Math.round(state.counted / 2);
  for (const each of state.surnames) each[1] = Math.max(1, Math.round(each[1] / 2));
}

/** The share of patients with the surname, rather too high than too low. */
export function shareOf({ surnames, counted }: Names, surname: string): number {
  const entry = surnames.find(([each]) => each === surname);
  const rarest = surnames.length < mostSurnames ? 0 : Math.min(...surnames.map((each) => each[1]));
  return Math.min(1, ((entry?.[1] ?? rarest) + 1) / (counted + 100));
}

/** Whether the patient has the full name of somebody else who works here. */
export function isColleagues(state: Names | undefined, event: SecurityEvent, surroundings: Surroundings): boolean {
  const patient = patientName(event);
  if (!state || !patient || patient.full === actorName(event)?.full) return false;
  return findKey(state.staff, shortKey("name", patient.full, surroundings), keyLength) >= 0;
}
