/**
 * Who may do what: the one table that the code, docs/permissions.md and `viewer.permissions` share.
 * A new permission is one line here, and one in the second copy that its test keeps on purpose.
 */
import { VigilError } from "../errors.ts";
import { keyRoles, peopleRoles, type Role, type Viewer } from "./viewer.ts";

interface Row {
  does: string;
  roles: readonly Role[];
  /** Shows health information of patients (PHI): asks for a second factor where the organization does. */
  phi?: true;
}

const everybody = peopleRoles;

export const permissionTable = {
  "event.read": { does: "Read events, which may name patients.", roles: everybody, phi: true },
  "event.ingest": { does: "Send events.", roles: ["ADMIN", "INGEST", "ENFORCER"] },
  "incident.read": { does: "Read incidents, detections and alerts.", roles: everybody },
  "incident.write": { does: "Acknowledge and resolve incidents.", roles: ["ADMIN", "RESPONDER", "ANALYST"] },
  "decision.read": { does: "Read decisions and who applies them.", roles: [...everybody, "ENFORCER"] },
  "decision.write": { does: "Make and revoke decisions.", roles: ["ADMIN", "RESPONDER"] },
  "decision.enforce": { does: "Apply decisions, and say so.", roles: ["ENFORCER"] },
  "alert.write": { does: "Silence alerts, and send them again.", roles: ["ADMIN", "RESPONDER"] },
  "alertSettings.read": {
    does: "Read channels, templates, routes, escalation policies and on-call schedules (never their secrets).",
    roles: everybody,
  },
  "alertSettings.write": {
    does: "Change channels, templates, routes, escalation policies and on-call schedules.",
    roles: ["ADMIN"],
  },
  "entity.read": {
    does: "Read users, addresses and the like, their threat scores and what makes them up.",
    roles: everybody,
  },
  "entity.write": {
    does: "Say how much depends on a user or an address, and their department and roles.",
    roles: ["ADMIN", "ANALYST"],
  },
  "profile.read": {
    does: "Read what is usual for a person: hours, places, devices.",
    roles: ["ADMIN", "RESPONDER", "ANALYST", "AUDITOR"],
  },
  "respond.read": { does: "Read response rules, what they would do, and whom an action would hit.", roles: everybody },
  "respond.write": {
    does: "Change response rules, ask for actions, take them back, close the circuit breaker.",
    roles: ["ADMIN", "RESPONDER"],
  },
  "respond.approve": { does: "Approve or reject actions that somebody else asked for.", roles: ["ADMIN", "RESPONDER"] },
  "rule.read": { does: "Read rules.", roles: everybody },
  "rule.write": { does: "Import and change rules.", roles: ["ADMIN", "ANALYST"] },
  "status.read": { does: "Read how the server is.", roles: [...everybody, "ENFORCER"] },
  "audit.read": { does: "Read the audit log.", roles: ["ADMIN", "AUDITOR"] },
  "audit.export": { does: "Take a copy of the audit log.", roles: ["ADMIN", "AUDITOR"] },
  "phi.read": {
    does: "Open sealed fields of events that name patients; each time is audited.",
    roles: ["ADMIN", "RESPONDER", "ANALYST", "AUDITOR"],
    phi: true,
  },
  "privacy.write": { does: "Choose which fields are sealed, kept or dropped.", roles: ["ADMIN"] },
  "breakglass.use": { does: "Give oneself leave to read PHI in an emergency, for an hour at most.", roles: everybody },
  "compliance.write": {
    does: "Answer for the log: reviews and the register of disclosures.",
    roles: ["ADMIN", "AUDITOR"],
  },
  "retention.read": { does: "Read how long each kind of data is kept.", roles: ["ADMIN", "AUDITOR"] },
  "retention.write": { does: "Change how long data is kept, and remove what is past it.", roles: ["ADMIN"] },
  "metric.read": { does: "Read metrics and performance samples.", roles: everybody },
  "metric.write": { does: "Record metrics and performance samples.", roles: ["ADMIN", "INGEST"] },
  "dashboard.read": { does: "Read shared dashboards, and have some of one's own.", roles: everybody },
  "dashboard.write": { does: "Make, change and lay out shared dashboards.", roles: ["ADMIN", "RESPONDER", "ANALYST"] },
  "user.read": {
    does: "Read who the organization's people are, and when they were last here.",
    roles: ["ADMIN", "AUDITOR"],
  },
  "user.write": { does: "Make, change and suspend people.", roles: ["ADMIN"] },
  "apiKey.read": { does: "Read which API keys there are (never their secrets).", roles: ["ADMIN", "AUDITOR"] },
  "apiKey.write": { does: "Make and revoke API keys.", roles: ["ADMIN"] },
  "organization.write": { does: "Change the organization's name and settings.", roles: ["ADMIN"] },
} as const satisfies Record<string, Row>;

/** What a role may be allowed to do. */
export type Permission = keyof typeof permissionTable;

export const permissions = Object.keys(permissionTable) as Permission[];

const sets = new Map<Role, ReadonlySet<Permission>>(
  [...peopleRoles, ...keyRoles].map((role) => [
    role,
    new Set(permissions.filter((one) => rowOf(one).roles.includes(role))),
  ]),
);

function rowOf(permission: Permission): Row {
  return permissionTable[permission];
}

/** Whether the role may do it. */
export function can(role: Role, permission: Permission): boolean {
  return sets.get(role)?.has(permission) ?? false;
}

/** Everything the role may do. */
export function permissionsOf(role: Role): Permission[] {
  return permissions.filter((permission) => can(role, permission));
}

/** Whether `role` may do nothing that `other` may not. */
export function isWithin(role: Role, other: Role): boolean {
  return permissionsOf(role).every((permission) => can(other, permission));
}

/** Whether this viewer may do it: by role, and, for an API key with scopes, by those. A second factor is not looked at. */
export function may({ role, scopes }: Viewer, permission: Permission): boolean {
  return can(role, permission) && (scopes === undefined || scopes.includes(permission));
}

/**
 * Whether the organization asks this viewer for a second factor, before it may do this, and none was given yet. Without
 * `permission`: what takes none.
 */
export function lacksSecondFactor({ role, secondFactor }: Viewer, permission?: Permission): boolean {
  const showsPhi = permission !== undefined && rowOf(permission).phi === true;
  return secondFactor === "MISSING" && (role === "ADMIN" || showsPhi);
}

/** Throws FORBIDDEN with the reason SECOND_FACTOR_REQUIRED where a second factor is missing. */
export function requireSecondFactor(viewer: Viewer, permission?: Permission): void {
  if (!lacksSecondFactor(viewer, permission)) return;
  const message =
    "Your organization asks for a second factor here: give the code of your authenticator with totpVerify, or set one up with totpEnroll";
  throw new VigilError("FORBIDDEN", message, { detail: { reason: "SECOND_FACTOR_REQUIRED" } });
}
