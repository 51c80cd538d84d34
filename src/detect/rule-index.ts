/**
 * By what rules are found for an event: its logsource and one requirement on one field, a value or a text that a value
 * holds. So an event meets the few rules that ask for what it has, however many others there are. Rules are numbers here, the
 * places of what they ask in the list, so that organizations with the same rules share one index.
 */
import type { Logsource, SecurityEvent } from "../ingest/event.ts";
import { type Chosen, chooseRequirements } from "./choose-requirement.ts";
import type { Asks } from "./rule.ts";
import { type Search, searchFor } from "./sigma/automaton.ts";
import type { CompileContext } from "./sigma/compile.ts";
import type { Read } from "./sigma/read-sent.ts";

/** What the rules of one kind of event ask of one field. */
export interface Lookup {
  read: Read;
  byKey: ReadonlyMap<string, readonly number[]>;
  search: Search | undefined;
  /** By the number of the text. */
  byText: readonly (readonly number[] | undefined)[];
  present: readonly number[];
}

/** The rules of one kind of event. */
export interface Plan {
  lookups: readonly Lookup[];
  always: readonly number[];
}

export interface RuleIndex {
  planFor(event: Pick<SecurityEvent, "logsource" | "category">): Plan;
}

/** The texts that any rule searches for in one field: one automaton serves every plan. */
interface FieldTexts {
  numbers: ReadonlyMap<string, number>;
  search: Search;
}

const mostPlans = 500; // a sender may go through all combinations of what rules name
const parts = ["product", "service", "category"] as const;

/** `words`: of an event, what keywords are looked for in. */
export function makeRuleIndex(asks: readonly Asks[], { field, words }: CompileContext): RuleIndex {
  const chosen = chooseRequirements(asks, (name, logsource) => (name === "" ? words : field(name, logsource)));
  const texts = textsByRead(chosen);
  const plans = new Map<string, Plan>();
  // Logsources are the sender's words, so they may be many; those that no rule names are one.
  const named = parts.map((part) => new Set(asks.map(({ logsource }) => logsource[part])));
  return {
    planFor({ logsource, category }) {
      const word = (place: number, value: string | undefined): string => {
        const text = value?.toLowerCase() ?? "";
        return named[place]?.has(text) ? text : "";
      };
      const words = parts.map((part, place) => word(place, logsource[part]));
      const own = word(parts.indexOf("category"), category);
      const key = [...words, own].join("\n");
      let plan = plans.get(key);
      if (!plan) {
        if (plans.size >= mostPlans) plans.clear();
        plans.set(key, (plan = makePlan(asks, chosen, texts, words, own)));
      }
      return plan;
    },
  };
}

function textsByRead(chosen: readonly Chosen[][]): Map<Read, FieldTexts> {
  const written = new Map<Read, Set<string>>();
  for (const one of chosen.flat()) {
    if (one.requirement.texts.size === 0) continue;
    const texts = written.get(one.read) ?? new Set();
    written.set(one.read, texts);
    for (const text of one.requirement.texts) texts.add(text);
  }
  const found = new Map<Read, FieldTexts>();
  for (const [read, texts] of written) {
    const search = searchFor([...texts]);
    found.set(read, {
      search,
      numbers: new Map([...texts].map((text, place) => [text, search.numbers[place] as number])),
    });
  }
  return found;
}

function makePlan(
  asks: readonly Asks[],
  chosen: readonly Chosen[][],
  texts: ReadonlyMap<Read, FieldTexts>,
  words: readonly string[],
  /** The event's own category: a refused log-in at a web server is a web server's event and a log-in. */
  own: string,
): Plan {
  const always: number[] = [];
  const lookups = new Map<Read, { byKey: Map<string, number[]>; byText: number[][]; present: number[] }>();
  for (const [number, { logsource: wanted }] of asks.entries()) {
    const isOf = (part: keyof Logsource, place: number): boolean =>
      wanted[part] === undefined || wanted[part] === words[place] || (part === "category" && wanted[part] === own);
    if (!parts.every(isOf)) continue;
    const looked = chosen[number] ?? [];
    if (looked.length === 0) always.push(number);
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
        const known = (lookup.byText[place] ??= []);
        if (known.at(-1) !== number) known.push(number); // texts of one end are found as one
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
