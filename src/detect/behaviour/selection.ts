/** Behaviour rules among the others: one matches an event in which it has found something, when the event arrived. */
import type { SecurityEvent } from "../../ingest/event.ts";
import type { StoredRule, Subject } from "../detection.ts";
import type { Candidates } from "../index-rules.ts";
import type { SelectionRule } from "../rule.ts";

export function hasFinding({ id }: StoredRule): (event: SecurityEvent) => boolean {
  return ({ behaviour }) => behaviour !== undefined && Object.hasOwn(behaviour, id);
}

export function findingSubjects({ id }: StoredRule): (event: SecurityEvent) => Subject[] {
  return ({ behaviour }) => (behaviour?.[id]?.subjects ?? []) as Subject[];
}

/** The candidates among the other rules, and the behaviour rules that found something. */
export function withBehaviour(candidates: Candidates, rules: readonly SelectionRule[]): Candidates {
  if (rules.length === 0) return candidates;
  return (event) => {
    const found = candidates(event);
    if (event.behaviour === undefined) return found;
    return [...found, ...rules.filter(({ matches }) => matches(event))];
  };
}
