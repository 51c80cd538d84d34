/** Which moves an incident may make: one pure table (DESIGN §4). */

export const incidentStatuses = [
  "OPEN",
  "ACKNOWLEDGED",
  "INVESTIGATING",
  "CONTAINED",
  "RESOLVED",
  "CLOSED",
  "MERGED",
] as const;
export type IncidentStatus = (typeof incidentStatuses)[number];

export const incidentResolutions = [
  "TRUE_POSITIVE",
  "FALSE_POSITIVE",
  "BENIGN",
  "DUPLICATE",
  "USER_CONFIRMED",
  "POLICY_VIOLATION",
  "INSUFFICIENT_INFORMATION",
] as const;
export type IncidentResolution = (typeof incidentResolutions)[number];

export type IncidentMove = "ACKNOWLEDGE" | "RESOLVE";

const moves: Record<IncidentMove, { from: readonly IncidentStatus[]; to: IncidentStatus }> = {
  ACKNOWLEDGE: { from: ["OPEN"], to: "ACKNOWLEDGED" },
  RESOLVE: { from: ["OPEN", "ACKNOWLEDGED", "INVESTIGATING", "CONTAINED"], to: "RESOLVED" },
};

export type MoveVerdict = { allowed: true; to: IncidentStatus } | { allowed: false; reason: string };

/** Whether the move is allowed from `status`, and where it leads; otherwise why not, in words. */
export function judgeMove(status: IncidentStatus, move: IncidentMove): MoveVerdict {
  const { from, to } = moves[move];
  if (from.includes(status)) return { allowed: true, to };
  return {
    allowed: false,
    reason: `An incident that is ${status} cannot become ${to}; it must be ${from.join(" or ")}.`,
  };
}

/** Whether new detections still join the incident. Matches the generated column open_fingerprint. */
export function isOpen(status: IncidentStatus): boolean {
  return status !== "RESOLVED" && status !== "CLOSED" && status !== "MERGED";
}
