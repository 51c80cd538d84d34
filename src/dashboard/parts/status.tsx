import type { IncidentStatus } from "../generated/graphql.ts";
import { words } from "../words.ts";
import { Badge, type Tone } from "./badge.tsx";

const tones: Record<IncidentStatus, Tone> = {
  OPEN: "bad",
  ACKNOWLEDGED: "warn",
  INVESTIGATING: "accent",
  CONTAINED: "accent",
  RESOLVED: "good",
  CLOSED: "neutral",
  MERGED: "neutral",
};

/** Where an incident is in its life. */
export function Status({ status }: { status: IncidentStatus }) {
  return <Badge tone={tones[status]}>{words.incidentStatus[status]}</Badge>;
}
