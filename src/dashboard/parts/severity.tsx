import "./severity.css";
import type { Severity as Level } from "../generated/graphql.ts";
import { words } from "../words.ts";

/** A shape for each level: who sees no colours tells them apart. */
const shapes: Record<Level, string> = {
  CRITICAL: "M5 1h6l4 4v6l-4 4H5l-4-4V5z",
  HIGH: "M8 1.500 15 14H1z",
  MEDIUM: "M8 1l7 7-7 7-7-7z",
  LOW: "M1 3h14L8 14.500z",
  INFO: "M8 15A7 7 0 1 0 8 1a7 7 0 0 0 0 14z",
};

/** How bad something is: shape, colour and word. `compact`: the word is for screen readers and the tooltip. */
export function Severity({ level, compact }: { level: Level; compact?: boolean }) {
  const word = words.severity[level];
  return (
    <span className={`severity severity-${level.toLowerCase()}`} title={compact ? word : undefined}>
      <svg width="11" height="11" viewBox="0 0 16 16" aria-hidden="true">
        <path
          d={shapes[level]}
          fill={level === "INFO" ? "none" : "currentColor"}
          stroke="currentColor"
          strokeWidth="1.500"
        />
      </svg>
      <span className={compact ? "hidden-text" : undefined}>{word}</span>
    </span>
  );
}
