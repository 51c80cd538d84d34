/** A behaviour rule that is ready to judge: its detector and the values of all parameters. */
import type { StoredRule } from "../detection.ts";
import type { BehaviourBody, SelectionDocument } from "../sigma/document.ts";
import type { BehaviourDetector, ParametersOf, ParameterTable } from "./behaviour-detector.ts";
import { detectorNamed } from "./detectors.ts";

export interface BehaviourRule {
  id: string;
  revision: number;
  detector: BehaviourDetector;
  parameters: ParametersOf<ParameterTable>;
}

/** The rule, if it is one of behaviour. */
export function behaviourRuleOf({
  stored: { id, revision },
  document,
}: {
  stored: Pick<StoredRule, "id" | "revision">;
  document: SelectionDocument;
}): BehaviourRule[] {
  if (document.kind !== "BEHAVIOUR") return [];
  const detector = detectorNamed(document.body.detector);
  return detector ? [{ id, revision, detector, parameters: parametersOf(detector, document.body.parameters) }] : [];
}

/** What the document gives, and the defaults of the rest. */
export function parametersOf(
  { parameters }: BehaviourDetector,
  given: BehaviourBody["parameters"],
): ParametersOf<ParameterTable> {
  const values = Object.entries(parameters).map(([name, { default: value }]) => [name, given[name] ?? value]);
  return Object.fromEntries(values) as ParametersOf<ParameterTable>; // each is of its default's type: the parser has checked
}
