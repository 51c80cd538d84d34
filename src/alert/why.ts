import type { AlertKind } from "../generated/prisma/client.ts";

const words: Record<AlertKind, string> = {
  OPENED: "A new incident.",
  RAISED: "It is more severe than it was.",
  REOPENED: "It is open again.",
  BREACHED: "It has waited longer than it may.",
  RESOLVED: "It was resolved.",
  REPEATED: "It is still open.",
  ESCALATED: "Nobody has acknowledged it yet.",
  RESPONSE: "A response rule asked to tell you.",
  TEST: "Somebody tries this channel: nothing has happened.",
  HEARTBEAT: "Vigil is alive.",
  NOTIFICATION: "You asked to be told by e-mail.",
};

/** Why somebody is told, in a sentence; `step` of the escalation, from 0. */
export function whyWords(kind: AlertKind, step: number | null): string {
  return kind === "ESCALATED" && step !== null
    ? `${words.ESCALATED} This is step ${step + 1} of the escalation.`
    : words[kind];
}
