/**
 * Whose records somebody opened in the last 24 hours, each patient once with the time of the last access: a text of entries
 * of seven characters (the patient, and the tenth of an hour), the latest at the end.
 */
import { findKey, keyLength, readNumber, shortNumber } from "./short-key.ts";

export interface Recent {
  /** The tenth of an hour of the last access, since the epoch. */
  slot: number;
  patients: string;
}

const slotMs = 360_000;
const entry = keyLength + 2;
const around = 4_096; // slots that a number tells apart, 17 days
const slotsKept = 240; // 24 hours
/** So many patients are told apart; whoever opened more opened at least so many. */
export const mostPatients = 400;
export const hourSlots = 10;

/** Time that was before the 24 hours, as of a log that came late, is not noted. */
export function notePatient(recent: Recent, patient: string, time: number): void {
  const slot = Math.floor(time / slotMs);
  if (slot <= recent.slot - slotsKept) return;
  if (slot > recent.slot) {
    if (slot - recent.slot >= slotsKept) recent.patients = "";
    recent.slot = slot;
    let gone = 0;
    while (gone < recent.patients.length && ageAt(recent, gone) >= slotsKept) gone += entry;
    if (gone > 0) recent.patients = recent.patients.slice(gone);
  }
  const at = findKey(recent.patients, patient, entry);
  if (at >= 0) recent.patients = recent.patients.slice(0, at) + recent.patients.slice(at + entry);
  // What comes a little late counts as now, so that the entries stay in order.
  recent.patients += patient + shortNumber(recent.slot % around);
  if (recent.patients.length > mostPatients * entry) recent.patients = recent.patients.slice(entry);
}

/** How many different patients in so many slots up to the time; and since when, ms before the time. */
export function countPatients(
  recent: Recent,
  time: number,
  slots: number,
  also?: string,
): { patients: number; overMs: number } {
  const slot = Math.max(recent.slot, Math.floor(time / slotMs));
  const passed = slot - recent.slot;
  let patients = 0;
  let oldest = 0;
  let found = false;
  for (let at = recent.patients.length - entry; at >= 0; at -= entry) {
    const age = ageAt(recent, at) + passed;
    if (age >= slots) break;
    patients++;
    oldest = age;
    if (also !== undefined && recent.patients.startsWith(also, at)) found = true;
  }
  if (also !== undefined && !found) patients++;
  return { patients, overMs: (oldest + 1) * slotMs };
}

function ageAt(recent: Recent, at: number): number {
  return (recent.slot - readNumber(recent.patients, at + keyLength) + around) % around;
}
