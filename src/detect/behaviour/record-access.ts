/** Events in which a person touches a patient's record. */
import { userOf } from "./deeds.ts";
import { ofEvent, ofEventIn } from "./of-event.ts";
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

export const patientKey = ofEventIn((event, surroundings): string =>
  shortKey("patient", event.target?.patientId ?? "", surroundings),
);

export const userKey = ofEventIn((event, surroundings): string => shortKey("user", userOf(event) ?? "", surroundings));
