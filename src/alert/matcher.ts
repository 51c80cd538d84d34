/** Which incidents a silence is about: matchers, all of which must hold. Decides only; the incident is handed in. */
import { VigilError } from "../errors.ts";
import { severities } from "../ingest/event.ts";
import { oneSpelling } from "../user-name.ts";
import { withheld } from "./model.ts";

/** What a matcher looks at. */
export const matcherFields = ["SEVERITY", "RULE", "TITLE", "TAG", "SUBJECT", "FINGERPRINT"] as const;
/** How it compares. */
export const matcherOperators = ["EQUALS", "NOT_EQUALS", "CONTAINS", "STARTS_WITH", "AT_LEAST"] as const;

export interface Matcher {
  field: (typeof matcherFields)[number];
  operator: (typeof matcherOperators)[number];
  value: string;
}

/** What matchers see of an incident. */
export interface Matchable {
  severity: string;
  title: string;
  fingerprint: string;
  tags: readonly string[];
  subjects: readonly { kind: string; key: string }[];
  /** The reference of the rule that opened it. */
  rule: string | null;
}

const mostMatchers = 20;
const longest = 500; // characters of a value

/** The first matcher that no incident could be compared with, by what is wrong with it; `at` is where they were given. */
export function checkMatchers(matchers: readonly Matcher[], at: readonly string[] = ["input", "matchers"]): void {
  const refuse = (message: string, ...path: string[]): VigilError =>
    new VigilError("BAD_USER_INPUT", message, { path: [...at, ...path] });
  if (matchers.length === 0) {
    throw refuse(
      "Say which incidents: without a matcher all of them would be meant. SEVERITY AT_LEAST INFO means all.",
    );
  }
  if (matchers.length > mostMatchers) throw refuse(`At most ${mostMatchers} matchers, not ${matchers.length}.`);
  matchers.forEach(({ field, operator, value }, index) => {
    const place = String(index);
    if (value.trim() === "" || value.length > longest || value.includes("\0")) {
      throw refuse(`A value has 1 to ${longest} characters.`, place, "value");
    }
    if (value.includes(withheld)) {
      throw refuse(`${withheld} stands for what you may not read: give the value itself.`, place, "value");
    }
    if (field === "SEVERITY") {
      if (!(severities as readonly string[]).includes(value)) {
        throw refuse(`There is no severity ${JSON.stringify(value)}: use ${severities.join(", ")}.`, place, "value");
      }
      if (operator === "CONTAINS" || operator === "STARTS_WITH") {
        throw refuse("A severity is compared by EQUALS, NOT_EQUALS or AT_LEAST.", place, "operator");
      }
    } else if (operator === "AT_LEAST") {
      throw refuse("Only SEVERITY has an order, so that AT_LEAST means something.", place, "operator");
    }
  });
}

/** Whether all matchers hold of the incident. */
export function matches(matchers: readonly Matcher[], incident: Matchable): boolean {
  return matchers.every((matcher) => holds(matcher, incident));
}

function holds({ field, operator, value }: Matcher, incident: Matchable): boolean {
  const texts = textsOf(field, incident);
  const isOne = (): boolean => texts.includes(value) || (field === "SUBJECT" && texts.includes(oneSpelling(value)));
  switch (operator) {
    case "EQUALS":
      return isOne();
    case "NOT_EQUALS":
      return !isOne();
    case "CONTAINS":
      return texts.some((text) => text.toLowerCase().includes(value.toLowerCase()));
    case "STARTS_WITH":
      return texts.some((text) => text.toLowerCase().startsWith(value.toLowerCase()));
    case "AT_LEAST":
      return rankOf(incident.severity) >= rankOf(value);
    default:
      return operator satisfies never;
  }
}

function textsOf(field: Matcher["field"], incident: Matchable): readonly string[] {
  switch (field) {
    case "SEVERITY":
      return [incident.severity];
    case "RULE":
      return incident.rule === null ? [] : [incident.rule];
    case "TITLE":
      return [incident.title];
    case "TAG":
      return incident.tags;
    case "SUBJECT":
      return incident.subjects.map(({ key }) => key);
    case "FINGERPRINT":
      return [incident.fingerprint];
    default:
      return field satisfies never;
  }
}

const rankOf = (severity: string): number => (severities as readonly string[]).indexOf(severity);
