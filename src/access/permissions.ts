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
  | "audit.export"
  | "phi.read"
  | "breakglass.use"
  | "compliance.write"
  | "retention.read"
  | "retention.write";

const reads = ["event.read", "incident.read", "rule.read", "status.read"] as const satisfies Permission[];
/** Answering for the log: exports, reviews, the register of disclosures. */
const compliance = ["audit.export", "compliance.write"] as const satisfies Permission[];
/** Reading patients' data, each time audited; and giving oneself leave to in an emergency. */
const care = ["phi.read", "breakglass.use"] as const satisfies Permission[];

const table: Readonly<Record<Role, ReadonlySet<Permission>>> = {
  ADMIN: new Set<Permission>([
    ...reads,
    "event.ingest",
    "incident.write",
    "rule.write",
    "audit.read",
    "retention.read",
    "retention.write",
    ...compliance,
    ...care,
  ]),
  RESPONDER: new Set<Permission>([...reads, "incident.write", ...care]),
  ANALYST: new Set<Permission>([...reads, "incident.write", "rule.write", ...care]),
  VIEWER: new Set<Permission>([...reads, "breakglass.use"]),
  AUDITOR: new Set<Permission>([...reads, "audit.read", "retention.read", ...compliance, ...care]),
  INGEST: new Set<Permission>(["event.ingest"]),
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
