import type { SecurityEvent } from "../../ingest/event.ts";

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
export function isProgram(event: SecurityEvent): boolean {
  const device = event.enrichment?.agent?.device;
  return device === "PROGRAM" || device === "BOT" || hasRole(event, programRoles);
}

/** Roles agree whatever their case, and with - or blank for _. */
export function hasRole(event: SecurityEvent, roles: readonly string[]): boolean {
  const own = event.actor?.roles;
  if (!own || own.length === 0) return false;
  const asked = roles.map(roleWord);
  return own.some((role) => asked.includes(roleWord(role)));
}

function roleWord(role: string): string {
  return role.toLowerCase().replaceAll(/[- ]/g, "_");
}
