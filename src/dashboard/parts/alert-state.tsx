import type { AlertStatus } from "../generated/graphql.ts";
import { alertWords } from "../words/alerts.ts";
import { Badge, type Tone } from "./badge.tsx";

const tones: Record<AlertStatus, Tone> = {
  DELIVERED: "good",
  SENT: "good",
  FAILED: "bad",
  RETRYING: "warn",
  HELD: "neutral",
  QUEUED: "accent",
  SENDING: "accent",
};

/** Where an alert is in its delivery. */
export function AlertState({ status }: { status: AlertStatus }) {
  return <Badge tone={tones[status]}>{alertWords.status[status]}</Badge>;
}
