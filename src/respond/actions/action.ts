/** What every response action can do. One file each; `table.ts` lists them. */
import type { Tx } from "../../db.ts";
import type { ActionType, TargetKind } from "../rule.ts";
import type { DecisionScope, Target } from "../target.ts";

/** One action, about to be done or taken back. */
export interface Doing {
  /** The row of `incident_actions`: doing the same row twice does it once. */
  id: string;
  incidentId: string;
  type: ActionType;
  target: string;
  scope: DecisionScope | null;
  /** ms; 0: it ends when it is done. */
  ttl: number;
  reason: string;
  actor: string;
  now: number;
}

export interface Action {
  /** What a subject, or a text that a person gave, is as a target; null: no target of enforcers. Otherwise why it is none. */
  plan(text: string, kind: TargetKind | undefined): { target: Target | null } | { fault: string };
  /** Whether a second person has to approve it (R6). */
  isDestructive(target: Target | null): boolean;
  /** Does it, to several targets of one moment at once. Doing it again changes nothing. */
  apply(tx: Tx, doings: readonly Doing[]): Promise<void>;
  /** Brings back what was before. Doing it again, or without having applied it, changes nothing. */
  revert(tx: Tx, doing: Doing): Promise<void>;
  /** Its time is over. Absent: it ends by itself, as enforcers do by their own clocks. */
  expire?(tx: Tx, doing: Doing): Promise<void>;
}
