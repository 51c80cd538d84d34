import { Badge, type Tone } from "../../parts/badge.tsx";
import { Time } from "../../parts/time.tsx";
import { incidentWords as words } from "../../words/incident.ts";
import type { IncidentDetail } from "./incident.tsx";

const tones: Record<string, Tone> = { BREACHED: "bad", LATE: "warn", MET: "good", RUNNING: "neutral" };

/** How long people may take, and where that stands. */
export function Clocks({ clocks }: { clocks: IncidentDetail["clocks"] }) {
  if (clocks.length === 0) return null;
  return (
    <ul className="row clocks">
      {clocks.map(({ kind, state, dueAt }) => (
        <li key={kind}>
          <Badge tone={tones[state] ?? "neutral"}>
            {words.clocks[kind]}: {words.clockStates[state]}
            {(state === "RUNNING" || state === "BREACHED") && <Time at={dueAt} as="relative" />}
          </Badge>
        </li>
      ))}
    </ul>
  );
}
