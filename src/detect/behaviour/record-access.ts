/** Events in which a person touches a patient's record. */
import type { SecurityEvent } from "../../ingest/event.ts";
import { userOf } from "./deeds.ts";
import type { Surroundings } from "./facet.ts";
import { hasRole, programRoles } from "./program.ts";
import { shortKey } from "./short-key.ts";

const others: ReadonlySet<string> = new Set(["AUTHENTICATION", "NETWORK", "PROCESS"]);
const patientRoles = ["patient", "client", "portal", "portal_user", "guardian", "family"];

/** Whether a user got at what belongs to one patient. Accounts of programs, by their role, have no patients and no colleagues. */
export function isRecordAccess(event: SecurityEvent): boolean {
  if (event.target?.patientId === undefined || event.outcome === "FAILURE" || others.has(event.category)) return false;
  return userOf(event) !== undefined && !hasRole(event, programRoles);
}

/** Whether a patient uses the portal, by the role of the account. */
export function isPatientsOwn(event: SecurityEvent): boolean {
  return hasRole(event, patientRoles);
}

export function patientKey(event: SecurityEvent, surroundings: Surroundings): string {
  return shortKey("patient", event.target?.patientId ?? "", surroundings);
}

export function userKey(event: SecurityEvent, surroundings: Surroundings): string {
  return shortKey("user", userOf(event) ?? "", surroundings);
}
