/** Which of an organization's rules could match an event: those that the index finds. */
import type { Logsource, SecurityEvent } from "../ingest/event.ts";
import type { SelectionRule } from "./rule.ts";
import type { Lookup, Plan, RuleIndex } from "./rule-index.ts";
import { indexKey } from "./sigma/requirements.ts";

/** The answer is good until the next call: it is one list, filled anew. */
export type Candidates = (event: SecurityEvent) => readonly SelectionRule[];

const maxDepth = 8; // of lists in lists, as the rules themselves look

/** `rules`: in the order in which the index knows what they ask. */
export function candidatesIn(index: RuleIndex, rules: readonly SelectionRule[]): Candidates {
  const find = finder(rules);
  let last: Logsource = {};
  let lastCategory: string | undefined;
  let lastPlan: Plan | undefined;
  return (event) => {
    const { logsource, category } = event;
    const isLast =
      logsource === last ||
      (logsource.product === last.product &&
        logsource.service === last.service &&
        logsource.category === last.category);
    if (!lastPlan || !isLast || category !== lastCategory) {
      lastPlan = index.planFor(event);
      [last, lastCategory] = [logsource, category];
    }
    return find(lastPlan, event);
  };
}

function finder(rules: readonly SelectionRule[]): (plan: Plan, event: SecurityEvent) => readonly SelectionRule[] {
  const found: SelectionRule[] = [];
  const foundIn = new Uint32Array(rules.length); // the call that last found each rule
  let call = 0;
  let byText: Lookup["byText"] = [];
  const takeAll = (numbers: readonly number[]) => {
    for (let index = 0; index < numbers.length; index++) {
      const number = numbers[index] as number;
      if (foundIn[number] === call) continue;
      foundIn[number] = call;
      found.push(rules[number] as SelectionRule);
    }
  };
  const takeText = (text: number) => {
    const numbers = byText[text];
    if (numbers) takeAll(numbers);
  };
  const look = (lookup: Lookup, value: unknown, depth: number): void => {
    if (Array.isArray(value)) {
      if (depth <= maxDepth) for (const item of value) look(lookup, item, depth + 1);
      return;
    }
    if (typeof value !== "string" && typeof value !== "number" && typeof value !== "boolean") return;
    if (lookup.byKey.size > 0) {
      const numbers = lookup.byKey.get(indexKey(value));
      if (numbers) takeAll(numbers);
    }
    if (!lookup.search) return;
    byText = lookup.byText;
    lookup.search.find(String(value).toLowerCase(), takeText);
  };
  return ({ always, lookups }, event) => {
    if (++call === 2 ** 32) foundIn.fill((call = 1) - 1);
    found.length = 0;
    takeAll(always);
    for (let index = 0; index < lookups.length; index++) {
      const lookup = lookups[index] as Lookup;
      const value = lookup.read(event);
      if (value === undefined) continue;
      takeAll(lookup.present);
      look(lookup, value, 0);
    }
    return found;
  };
}
