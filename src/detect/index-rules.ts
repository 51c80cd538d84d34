/**
 * Which rules could match an event. A rule is found by its logsource and one requirement on one field: a value, or a
 * text that a value holds. So an event meets the few rules that ask for what it has, however many others there are.
 */
import type { Logsource, SecurityEvent } from "../ingest/event.ts";
import { type Chosen, chooseRequirements } from "./choose-requirement.ts";
import type { SelectionRule } from "./rule.ts";
import { type Search, searchFor } from "./sigma/automaton.ts";
import type { FieldReader } from "./sigma/fields.ts";
import type { Read } from "./sigma/read-sent.ts";
import { indexKey } from "./sigma/requirements.ts";

export type Candidates = (event: SecurityEvent) => readonly SelectionRule[];

/** What the rules of one kind of event ask of one field. Rules are numbers until the end. */
interface Lookup {
  read: Read;
  byKey: ReadonlyMap<string, number[]>;
  search: Search | undefined;
  /** By the number of the text. */
  byText: readonly (readonly number[] | undefined)[];
  present: readonly number[];
}

/** The rules of one kind of event. */
interface Plan {
  lookups: readonly Lookup[];
  always: readonly SelectionRule[];
}

/** The texts that any rule searches for in one field: one automaton serves every plan. */
interface FieldTexts {
  numbers: Map<string, number>;
  search: Search | undefined;
}

const maxPlans = 500; // logsources are the sender's words, so they may be many
const maxDepth = 8; // of lists in lists, as the rules themselves look

/** `words`: of an event, what keywords are looked for in. */
export function indexRules(
  rules: readonly SelectionRule[],
  field: FieldReader,
  words: (event: SecurityEvent) => readonly string[],
): Candidates {
  const chosen = chooseRequirements(rules, (name, logsource) => (name === "" ? words : field(name, logsource)));
  const texts = textsByRead(chosen);
  const plans = new Map<string, Plan>();
  const find = finder(rules);
  let last: Logsource = {};
  let lastCategory: string | undefined;
  let lastPlan: Plan | undefined;
  return (event) => {
    const { logsource } = event;
    const category = logsource.category ?? event.category;
    const isLast = logsource === last || (logsource.product === last.product && logsource.service === last.service);
    if (!lastPlan || !isLast || category !== lastCategory) {
      const { product = "", service = "" } = logsource;
      const key = `${product}\n${service}\n${category}`;
      lastPlan = plans.get(key);
      if (!lastPlan) {
        if (plans.size >= maxPlans) plans.clear();
        plans.set(key, (lastPlan = makePlan(rules, chosen, texts, { product, service, category })));
      }
      [last, lastCategory] = [logsource, category];
    }
    return find(lastPlan, event);
  };
}

/** The answer is good until the next call: it is one list, filled anew. */
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
    lookup.search(String(value).toLowerCase(), takeText);
  };
  return ({ always, lookups }, event) => {
    if (lookups.length === 0) return always;
    if (++call === 2 ** 32) foundIn.fill((call = 1) - 1);
    found.length = 0;
    for (let index = 0; index < always.length; index++) found.push(always[index] as SelectionRule);
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

function textsByRead(chosen: readonly Chosen[][]): Map<Read, FieldTexts> {
  const found = new Map<Read, FieldTexts>();
  for (const one of chosen.flat()) {
    if (one.requirement.texts.size === 0) continue;
    const texts = found.get(one.read) ?? { numbers: new Map(), search: undefined };
    found.set(one.read, texts);
    for (const text of one.requirement.texts) if (!texts.numbers.has(text)) texts.numbers.set(text, texts.numbers.size);
  }
  for (const texts of found.values()) texts.search = searchFor([...texts.numbers.keys()]);
  return found;
}

function makePlan(
  rules: readonly SelectionRule[],
  chosen: readonly Chosen[][],
  texts: ReadonlyMap<Read, FieldTexts>,
  logsource: Required<Logsource>,
): Plan {
  const always: SelectionRule[] = [];
  const lookups = new Map<Read, { byKey: Map<string, number[]>; byText: number[][]; present: number[] }>();
  for (const [number, rule] of rules.entries()) {
    const wanted = rule.document.logsource;
    const sees = (["product", "service", "category"] as const).every(
      (part) => wanted[part] === undefined || wanted[part] === logsource[part].toLowerCase(),
    );
    if (!sees) continue;
    const looked = chosen[number] ?? [];
    if (looked.length === 0) always.push(rule);
    for (const { read, requirement } of looked) {
      const lookup = lookups.get(read) ?? { byKey: new Map<string, number[]>(), byText: [], present: [] };
      lookups.set(read, lookup);
      for (const key of requirement.keys) {
        const known = lookup.byKey.get(key);
        if (known) known.push(number);
        else lookup.byKey.set(key, [number]);
      }
      for (const text of requirement.texts) {
        const place = texts.get(read)?.numbers.get(text) as number;
        (lookup.byText[place] ??= []).push(number);
      }
      if (requirement.present) lookup.present.push(number);
    }
  }
  return {
    always,
    lookups: [...lookups].map(([read, lookup]) => ({
      ...lookup,
      read,
      search: lookup.byText.length > 0 ? texts.get(read)?.search : undefined,
    })),
  };
}
