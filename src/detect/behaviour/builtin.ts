/** The built-in rule of each behaviour detector, as YAML. */
import { v5 as uuidv5 } from "uuid";
import { stringify } from "yaml";
import type { RuleMode } from "../detection.ts";
import type { BehaviourDetector } from "./behaviour-detector.ts";
import { detectors } from "./detectors.ts";

const namespace = "6f1c3c1e-7a55-4f0e-9d3f-5c0b8a2f4e17"; // of the ids of these rules; never changes
const levels = { INFO: "informational", LOW: "low", MEDIUM: "medium", HIGH: "high", CRITICAL: "critical" } as const;

export interface BehaviourText {
  file: string;
  yaml: string;
  mode?: RuleMode;
}

export function builtinBehaviour(some: readonly BehaviourDetector[] = detectors): BehaviourText[] {
  return some.map((detector) => {
    const { name, mode } = detector;
    return { file: `behaviour/${name.replaceAll("_", "-")}.yml`, yaml: textOf(detector), ...(mode && { mode }) };
  });
}

/** Parameters are left out: one that is not set follows a new version of Vigil. */
function textOf({ name, title, description, severity, tags, falsepositives, learning }: BehaviourDetector): string {
  return stringify({
    title,
    id: sigmaIdOf(name),
    name,
    status: "stable",
    description: `${description} Learning: ${learning}`,
    author: "Vigil",
    date: "2026-11-24",
    tags,
    behaviour: { detector: name },
    falsepositives,
    level: levels[severity],
  });
}

/** A version 4 id, as Sigma wants it, that is always the same for one name. */
function sigmaIdOf(name: string): string {
  return uuidv5(name, namespace).replace(/^(.{14})5/, "$14");
}
