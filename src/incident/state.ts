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

/** What API and tables name in capitals, as sentences say it: FALSE_POSITIVE is `false positive`. */
export const spoken = (name: string): string => name.toLowerCase().replaceAll("_", " ");

export const incidentMoves = ["ACKNOWLEDGE", "INVESTIGATE", "CONTAIN", "RESOLVE", "CLOSE", "REOPEN", "MERGE"] as const;
export type IncidentMove = (typeof incidentMoves)[number];

const atWork = ["OPEN", "ACKNOWLEDGED", "INVESTIGATING", "CONTAINED"] as const;

const moves: Record<IncidentMove, { from: readonly IncidentStatus[]; to: IncidentStatus }> = {
  ACKNOWLEDGE: { from: ["OPEN"], to: "ACKNOWLEDGED" },
  INVESTIGATE: { from: ["OPEN", "ACKNOWLEDGED", "CONTAINED"], to: "INVESTIGATING" },
  CONTAIN: { from: ["OPEN", "ACKNOWLEDGED", "INVESTIGATING"], to: "CONTAINED" },
  RESOLVE: { from: atWork, to: "RESOLVED" },
  CLOSE: { from: ["RESOLVED"], to: "CLOSED" },
  REOPEN: { from: ["RESOLVED", "CLOSED"], to: "OPEN" },
  MERGE: { from: [...atWork, "RESOLVED"], to: "MERGED" }, // and back by `unmerge` alone, to what it was
};

/** For how long after its resolution people may open an incident again, ms. After that, a new one tells the story better. */
export const reopenBoundMs = 30 * 86_400_000;

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
