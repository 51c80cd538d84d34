/** An incident that makes another not worth telling, e.g. "the identity provider is down". Decides only. */
import { type Matchable, type Matcher, matches } from "./matcher.ts";

/** In what source and target have to agree. */
export const equalFields = ["RULE", "SEVERITY", "SUBJECT", "TAG"] as const;

export interface Inhibition {
  name: string;
  source: readonly Matcher[];
  target: readonly Matcher[];
  equal: readonly string[];
}

/** The inhibition that keeps an incident quiet, as a reason; undefined: none. An incident never inhibits itself. */
export function inhibitedBy(
  incident: Matchable & { id: string },
  inhibitions: readonly Inhibition[],
  open: readonly (Matchable & { id: string; number: number })[],
): string | undefined {
  for (const { name, source, target, equal } of inhibitions) {
    if (!matches(target, incident)) continue;
    const by = open.find(
      (other) =>
        other.id !== incident.id &&
        matches(source, other) &&
        // two that inhibit each other would both be lost
        !(matches(source, incident) && matches(target, other)) &&
        equal.every((field) => agree(field, incident, other)),
    );
    if (by) return `${name}: incident #${by.number} is open`;
  }
  return undefined;
}

function agree(field: string, one: Matchable, other: Matchable): boolean {
  if (field === "RULE") return one.rule === other.rule;
  if (field === "SEVERITY") return one.severity === other.severity;
  if (field === "TAG") return one.tags.some((tag) => other.tags.includes(tag));
  return one.subjects.some(({ kind, key }) => other.subjects.some((its) => its.kind === kind && its.key === key));
}
