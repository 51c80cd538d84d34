import type { SecurityEvent } from "../../ingest/event.ts";
import { ofEvent } from "./of-event.ts";
import { remembered } from "./remembered.ts";

/** Roles that applications give to accounts no person logs in to. */
export const programRoles: readonly string[] = [
  "service",
  "service_account",
  "bot",
  "integration",
  "machine",
  "system",
];

/** Whether a program acts: by the role of its account, or by its user agent. */
export const isProgram = ofEvent((event): boolean => {
  const device = event.enrichment?.agent?.device;
  return device === "PROGRAM" || device === "BOT" || isProgramsRole(event);
});

/** Whether a program acts, by the role of its account alone. */
export const isProgramsRole = ofEvent((event): boolean => hasRole(event, programRoles));

/** Lists of roles in one spelling; parameters are the same lists for every event. */
const spelled = new WeakMap<readonly string[], ReadonlySet<string>>();

/** Roles agree whatever their case, and with - or blank for _. */
export function hasRole(event: SecurityEvent, roles: readonly string[]): boolean {
  const own = event.actor?.roles;
  if (!own || own.length === 0) return false;
  let asked = spelled.get(roles);
  if (!asked) {
    asked = new Set(roles.map(roleWord));
    spelled.set(roles, asked);
  }
  for (const role of own) if (asked.has(roleWord(role))) return true;
  return false;
}

/** An organization has few roles, and every event names some. */
const roleWord = remembered(1_000, (role) => role.toLowerCase().replaceAll("-", "_").replaceAll(" ", "_"));
