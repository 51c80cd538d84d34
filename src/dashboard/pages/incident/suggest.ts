import { entityKindOf } from "../../data/entity-kind.ts";
import type { ActionType } from "../../generated/graphql.ts";
import type { IncidentDetail } from "./incident.tsx";

export interface Suggestion {
  type: ActionType;
  target: string;
}

const mostShown = 4;

/** What fits whom the incident is about: addresses can be blocked, users asked for a second factor or suspended. */
export function suggestionsOf({ subjects, response }: Pick<IncidentDetail, "subjects" | "response">): Suggestion[] {
  const byRules = response.flatMap(({ chosen, type, target }) => (chosen && type && target ? [{ type, target }] : []));
  const addresses = subjects.filter(({ kind }) => entityKindOf(kind) === "ADDRESS");
  const users = subjects.filter(({ kind }) => entityKindOf(kind) === "USER");
  const all: Suggestion[] = [
    ...byRules,
    ...addresses.map(({ key }) => ({ type: "BLOCK_IP" as const, target: key })),
    ...users.map(({ key }) => ({ type: "FORCE_MFA" as const, target: key })),
    ...users.map(({ key }) => ({ type: "SUSPEND_USER" as const, target: key })),
  ];
  const seen = new Set<string>();
  return all
    .filter(({ type, target }) => target !== "" && !seen.has(`${type} ${target}`) && seen.add(`${type} ${target}`))
    .slice(0, mostShown);
}
