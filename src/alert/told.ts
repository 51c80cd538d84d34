/** Which lines of a timeline are told, and as what. Decides only. */
import type { AlertKind } from "../generated/prisma/client.ts";

/** A line that was written in the transaction. */
export interface Line {
  id: string;
  incidentId: string;
  kind: string;
  /** Of a change of severity: whether it went up. */
  rises?: boolean | undefined;
}

export interface Change {
  incidentId: string;
  entryId: string;
  kind: AlertKind;
}

const kinds: Readonly<Record<string, AlertKind>> = {
  OPENED: "OPENED",
  SEVERITY_RAISED: "RAISED",
  REOPENED: "REOPENED",
  CLOCK_BREACHED: "BREACHED",
  RESOLVED: "RESOLVED",
};

/** The kind of alert that a line is told as; undefined: it is not told. */
export function kindOf({ kind, rises }: Line): AlertKind | undefined {
  return kind === "SEVERITY_CHANGED" ? (rises ? "RAISED" : undefined) : kinds[kind];
}

/** What of a transaction is told: of one incident that was opened and raised, that it was opened. */
export function changesOf(lines: readonly Line[]): Change[] {
  const found = new Map<string, Change>();
  const cameBy = new Set(
    lines.filter(({ kind }) => kind === "OPENED" || kind === "REOPENED").map((it) => it.incidentId),
  );
  for (const line of lines) {
    const kind = kindOf(line);
    if (!kind || (kind === "RAISED" && cameBy.has(line.incidentId))) continue;
    const key = `${line.incidentId} ${kind}`;
    if (!found.has(key)) found.set(key, { incidentId: line.incidentId, entryId: line.id, kind });
  }
  return [...found.values()];
}

const moves = ["ACKNOWLEDGED", "INVESTIGATING", "CONTAINED", "RESOLVED", "CLOSED", "MERGED", "UNMERGED"];

/** Incidents that moved, so that their escalations wait, end or go on as their status says. */
export function movedBy(lines: readonly Line[]): string[] {
  return [...new Set(lines.filter(({ kind }) => moves.includes(kind)).map(({ incidentId }) => incidentId))];
}
