/**
 * How much all rules of an organization may be together: every process reads and compiles them when it starts and whenever one
 * of them changes, and does little else meanwhile.
 */
import type { RuleDocument } from "./write.ts";

const mostText = 20_000_000; // characters: as much as is remembered parsed; all of SigmaHQ's have 7 million
const mostExpressions = 2_000_000; // characters or instructions of regular expressions: ten or twenty seconds

interface Sized {
  id: string;
  yaml: string;
}

interface Draft {
  id: string;
  document: Pick<RuleDocument, "yaml">;
  before?: Sized | undefined;
}

/**
 * Of the drafts, in their order, those that do not fit beside the rules that stay, each with why. One that grows by
 * nothing always fits. `expressions`: of each rule, by its id, as `compileRules` has it; before a change it is not known.
 */
export function beyondMost<One extends Draft>(
  others: readonly Sized[],
  drafts: readonly One[],
  expressions: ReadonlyMap<string, number>,
): Map<One, string> {
  let text = sum(others.map(({ yaml }) => yaml.length));
  let regex = sum(others.map(({ id }) => expressions.get(id) ?? 0));
  const beyond = new Map<One, string>();
  for (const draft of drafts) {
    const { id, document, before } = draft;
    const own = expressions.get(id) ?? 0;
    const fault =
      document.yaml.length > (before?.yaml.length ?? 0) && text + document.yaml.length > mostText
        ? `all rules of an organization may have ${mostText} characters together, and with this one they have more; remove some first`
        : document.yaml !== before?.yaml && own > 0 && regex + own > mostExpressions
          ? `the regular expressions of all rules of an organization may have ${mostExpressions} characters together, each repeated as it says, and with this one they have more; remove some first`
          : undefined;
    if (fault) beyond.set(draft, fault);
    else {
      text += document.yaml.length;
      regex += own;
    }
  }
  return beyond;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((all, one) => all + one, 0);
}
