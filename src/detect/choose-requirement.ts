/** Of all that a rule requires, the one thing by which the index finds it: what it shares with the fewest rules. */
import type { Asks } from "./rule.ts";
import type { FieldReader } from "./sigma/fields.ts";
import type { Read } from "./sigma/read-sent.ts";
import { type Requirement, vagueness } from "./sigma/requirements.ts";

export interface Chosen {
  read: Read;
  requirement: Requirement;
}

const presenceCrowd = 1_000; // most fields are there in most events
const searchCost = 2; // reading a text through is dearer than one look-up

/** By rule, what to look up: an event that has none of these does not match. Empty: nothing can be looked up. */
export function chooseRequirements(rules: readonly Asks[], field: FieldReader): Chosen[][] {
  const crowds = countRules(rules);
  return rules.map(({ requirements, anyOf, logsource }) => {
    let best: Chosen | undefined;
    let least = Number.POSITIVE_INFINITY;
    for (const [name, requirement] of requirements) {
      const crowd = crowdOf(requirement, crowds.get(name));
      if (crowd < least) [best, least] = [{ read: field(name, logsource), requirement }, crowd];
    }
    if (best) return [best];
    return [...(anyOf ?? [])].map(([name, requirement]) => ({ read: field(name, logsource), requirement }));
  });
}

/** How many rules ask for a key or a text of a field. */
interface Crowd {
  keys: Map<string, number>;
  texts: Map<string, number>;
}

function countRules(rules: readonly Asks[]): Map<string, Crowd> {
  const crowds = new Map<string, Crowd>();
  const count = (counts: Map<string, number>, one: string) => counts.set(one, (counts.get(one) ?? 0) + 1);
  for (const { requirements } of rules)
    for (const [field, { keys, texts }] of requirements) {
      const crowd = crowds.get(field) ?? { keys: new Map(), texts: new Map() };
      crowds.set(field, crowd);
      for (const key of keys) count(crowd.keys, key);
      for (const text of texts) count(crowd.texts, text);
    }
  return crowds;
}

function crowdOf({ keys, texts, present }: Requirement, crowd: Crowd | undefined): number {
  let sum = present ? presenceCrowd : 0;
  for (const key of keys) sum += crowd?.keys.get(key) ?? 0;
  for (const text of texts) sum += (crowd?.texts.get(text) ?? 0) * vagueness(text) + searchCost;
  return sum;
}
