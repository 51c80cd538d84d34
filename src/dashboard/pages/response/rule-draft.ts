import type {
  ResponseConditionsInput,
  ResponseRuleRowFragment,
  Severity,
  SubjectKind,
  WeekDay,
} from "../../generated/graphql.ts";
import { type Hours, hoursInput, hoursOf, noHours } from "../../parts/hours.tsx";
import { conditionsOf } from "./rule-text.ts";

/** A rule's conditions as its form holds them; empty: any. */
export interface ConditionsDraft {
  severityAtLeast: Severity | "";
  severityAtMost: Severity | "";
  scoreAtLeast: string;
  scoreAtMost: string;
  rules: string;
  tags: string;
  subjectKinds: readonly SubjectKind[];
  earlier: string;
  times: Hours;
}

const text = (value: number | null | undefined): string => value?.toString() ?? "";
/** References or tags, separated by spaces or commas. */
export const listIn = (field: string): string[] => field.split(/[\s,]+/).filter(Boolean);
export const numberIn = (field: string): number | undefined => (field.trim() === "" ? undefined : Number(field));

/** A new rule begins with what is high. */
export function draftOf(rule: ResponseRuleRowFragment | undefined): ConditionsDraft {
  const given = conditionsOf(rule?.conditions);
  return {
    severityAtLeast: given.severityAtLeast ?? (rule ? "" : "HIGH"),
    severityAtMost: given.severityAtMost ?? "",
    scoreAtLeast: text(given.scoreAtLeast),
    scoreAtMost: text(given.scoreAtMost),
    rules: (given.rules ?? []).join(", "),
    tags: (given.tags ?? []).join(", "),
    subjectKinds: given.subjectKinds ?? [],
    earlier: text(given.earlierIncidentsAtLeast),
    times: given.times ? hoursOf({ ...given.times, days: given.times.days ?? [] }) : noHours,
  };
}

/** As the API takes it: what is empty is left out. */
export function conditionsInput(draft: ConditionsDraft): ResponseConditionsInput {
  const { severityAtLeast, severityAtMost, subjectKinds } = draft;
  const [least, most] = [numberIn(draft.scoreAtLeast), numberIn(draft.scoreAtMost)];
  const [rules, tags] = [listIn(draft.rules), listIn(draft.tags)];
  const earlier = numberIn(draft.earlier);
  const times = hoursInput(draft.times) as { days?: WeekDay[]; from?: string; to?: string };
  return {
    ...(severityAtLeast ? { severityAtLeast } : {}),
    ...(severityAtMost ? { severityAtMost } : {}),
    ...(least === undefined ? {} : { scoreAtLeast: least }),
    ...(most === undefined ? {} : { scoreAtMost: most }),
    ...(rules.length > 0 ? { rules } : {}),
    ...(tags.length > 0 ? { tags } : {}),
    ...(subjectKinds.length > 0 ? { subjectKinds: [...subjectKinds] } : {}),
    ...(earlier === undefined ? {} : { earlierIncidentsAtLeast: Math.trunc(earlier) }),
    ...(Object.keys(times).length > 0 ? { times } : {}),
  };
}
