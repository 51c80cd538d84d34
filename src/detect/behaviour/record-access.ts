/** Events in which a person touches a patient's record. */
import type { SecurityEvent } from "../../ingest/event.ts";
import { userOf } from "./deeds.ts";
import type { Surroundings } from "./facet.ts";
import { ofEvent } from "./of-event.ts";
import { hasRole, isProgramsRole } from "./program.ts";
import { shortKey } from "./short-key.ts";

const others: ReadonlySet<string> = new Set(["AUTHENTICATION", "NETWORK", "PROCESS"]);
const patientRoles = ["patient", "client", "portal", "portal_user", "guardian", "family"];

/** Whether a user got at what belongs to one patient. Accounts of programs, by their role, have no patients and no colleagues. */
export const isRecordAccess = ofEvent((event): boolean => {
  if (event.target?.patientId === undefined || event.outcome === "FAILURE" || others.has(event.category)) return false;
  return userOf(event) !== undefined && !isProgramsRole(event);
});

/** Whether a patient uses the portal, by the role of the account. */
export const isPatientsOwn = ofEvent((event): boolean => hasRole(event, patientRoles));

export function patientKey(event: SecurityEvent, surroundings: Surroundings): string {
  return shortKey("patient", event.target?.patientId ?? "", surroundings);
}

export function userKey(event: SecurityEvent, surroundings: Surroundings): string {
  return shortKey("user", userOf(event) ?? "", surroundings);
}
