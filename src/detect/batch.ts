import type { SecurityEvent } from "../ingest/event.ts";
import type { BehaviourTurn } from "./behaviour/turn.ts";
import type { WatchedAmong } from "./correlation/lower.ts";
import type { Evaluation } from "./detector.ts";

/** Detection of one batch, within its turn. */
export interface BatchDetection {
  /** First, before the events are stored: writes into them what behaviour rules find. */
  judge: BehaviourTurn["judge"];
  evaluate(events: readonly SecurityEvent[], watchedAmong?: WatchedAmong): Promise<Evaluation>;
  /** Last before the commit: other processes see the batch's windows if they see its position. */
  save(): Promise<void>;
  committed(): void;
  /** The transaction failed: the batch has not happened. */
  failed(): Promise<void>;
}

export type WindowBatch = Omit<BatchDetection, "judge">;

/** Profiles and windows of one batch. */
export function together(behaviour: BehaviourTurn, windows: WindowBatch): BatchDetection {
  return {
    judge: behaviour.judge,
    evaluate: windows.evaluate,
    async save() {
      await behaviour.save();
      await windows.save();
    },
    committed() {
      behaviour.committed();
      windows.committed();
    },
    failed() {
      behaviour.failed();
      return windows.failed();
    },
  };
}
