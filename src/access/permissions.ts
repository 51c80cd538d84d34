import type { Role } from "./viewer.ts";

/** What a role may be allowed to do. */
export type Permission =
  | "event.read"
  | "event.ingest"
  | "incident.read"
  | "incident.write"
  | "rule.read"
  | "rule.write"
  | "status.read"
  | "audit.read"
  | "metric.read"
  | "metric.write"
  | "dashboard.read"
  | "dashboard.write";

const reads = [
  "event.read",
  "incident.read",
  "rule.read",
  "status.read",
  "metric.read",
  "dashboard.read",
] as const satisfies Permission[];

const table: Readonly<Record<Role, ReadonlySet<Permission>>> = {
  ADMIN: new Set<Permission>([
    ...reads,
    "event.ingest",
    "incident.write",
    "rule.write",
    "audit.read",
    "metric.write",
    "dashboard.write",
  ]),
  RESPONDER: new Set<Permission>([...reads, "incident.write", "dashboard.write"]),
  ANALYST: new Set<Permission>([...reads, "incident.write", "rule.write", "dashboard.write"]),
  VIEWER: new Set<Permission>(reads),
  AUDITOR: new Set<Permission>([...reads, "audit.read"]),
  INGEST: new Set<Permission>(["event.ingest", "metric.write"]),
  ENFORCER: new Set<Permission>(["status.read"]),
};

/** Whether the role may do it. */
export function can(role: Role, permission: Permission): boolean {
  return table[role].has(permission);
}

/** Everything the role may do. */
export function permissionsOf(role: Role): Permission[] {
  return [...table[role]];
}

/** Whether `role` may do nothing that `other` may not. */
export function isWithin(role: Role, other: Role): boolean {
  return permissionsOf(role).every((permission) => can(other, permission));
}
