/**
 * Which rules could match an event. Rules are found by logsource and by one required value of one field, so that an
 * event meets the few rules that ask for what it has, however many others there are.
 */
import type { SecurityEvent } from "../ingest/event.ts";
import type { SelectionRule } from "./rule.ts";
import type { FieldReader, Read } from "./sigma/fields.ts";
import { indexKey } from "./sigma/requirements.ts";

export type Candidates = (event: SecurityEvent) => readonly SelectionRule[];

/** The rules of one kind of event. */
interface Plan {
  lookups: { read: Read; byKey: Map<string, SelectionRule[]> }[];
  always: SelectionRule[];
}

const maxPlans = 500; // logsources are the sender's words, so they may be many

export function indexRules(rules: readonly SelectionRule[], field: FieldReader): Candidates {
  const plans = new Map<string, Plan>();
  const crowding = countKeys(rules);
  let lastKey: string | undefined;
  let lastPlan: Plan | undefined;
  return (event) => {
    const { product = "", service = "", category = event.category } = event.logsource;
    const key = `${product}\n${service}\n${category}`;
    if (key !== lastKey || !lastPlan) {
      lastPlan = plans.get(key);
      if (!lastPlan) {
        if (plans.size >= maxPlans) plans.clear();
        plans.set(key, (lastPlan = makePlan(rules, { product, service, category }, crowding, field)));
      }
      lastKey = key;
    }
    return lookUp(lastPlan, event);
  };
}

/** The answer is good until the next call: it is one list, filled anew. */
const found: SelectionRule[] = [];

function lookUp({ always, lookups }: Plan, event: SecurityEvent): readonly SelectionRule[] {
  if (lookups.length === 0) return always;
  found.length = 0;
  for (const rule of always) found.push(rule);
  for (const { read, byKey } of lookups) {
    const value = read(event);
    if (Array.isArray(value)) takeEach(byKey, value, 0);
    else for (const rule of rulesFor(byKey, value)) found.push(rule);
  }
  return found;
}

const noRules: readonly SelectionRule[] = [];

function rulesFor(byKey: Plan["lookups"][number]["byKey"], value: unknown): readonly SelectionRule[] {
  if (typeof value !== "string" && typeof value !== "number" && typeof value !== "boolean") return noRules;
  return byKey.get(indexKey(value)) ?? noRules;
}

/** Two elements of a list may lead to the same rule. */
function takeEach(byKey: Plan["lookups"][number]["byKey"], values: readonly unknown[], depth: number): void {
  for (const value of values) {
    if (Array.isArray(value) && depth < 8) takeEach(byKey, value, depth + 1);
    else for (const rule of rulesFor(byKey, value)) if (!found.includes(rule)) found.push(rule);
  }
}

function makePlan(
  rules: readonly SelectionRule[],
  logsource: Required<SelectionRule["document"]["logsource"]>,
  crowding: Crowding,
  field: FieldReader,
): Plan {
  const plan: Plan = { lookups: [], always: [] };
  for (const rule of rules) {
    const wanted = rule.document.logsource;
    const sees = (["product", "service", "category"] as const).every(
      (part) => wanted[part] === undefined || wanted[part] === logsource[part].toLowerCase(),
    );
    if (!sees) continue;
    const chosen = leastCrowded(rule, crowding);
    if (!chosen) {
      plan.always.push(rule);
      continue;
    }
    const read = field(chosen.field, wanted);
    let lookup = plan.lookups.find((one) => one.read === read);
    if (!lookup) plan.lookups.push((lookup = { read, byKey: new Map() }));
    for (const key of chosen.keys) {
      const known = lookup.byKey.get(key);
      if (known) known.push(rule);
      else lookup.byKey.set(key, [rule]);
    }
  }
  return plan;
}

/** How many rules ask for a value of a field. */
type Crowding = Map<string, Map<string, number>>;

function countKeys(rules: readonly SelectionRule[]): Crowding {
  const crowding: Crowding = new Map();
  for (const { requirements } of rules)
    for (const [field, keys] of requirements) {
      const counts = crowding.get(field) ?? new Map<string, number>();
      crowding.set(field, counts);
      for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
    }
  return crowding;
}

/** Of a rule's requirements the one that it shares with the fewest rules. */
function leastCrowded(
  rule: SelectionRule,
  crowding: Crowding,
): { field: string; keys: ReadonlySet<string> } | undefined {
  let best: { field: string; keys: ReadonlySet<string> } | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const [field, keys] of rule.requirements) {
    let crowd = 0;
    for (const key of keys) crowd += crowding.get(field)?.get(key) ?? 0;
    if (crowd < least) [best, least] = [{ field, keys }, crowd];
  }
  return best;
}
