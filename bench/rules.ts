/**
 * The cost of the rules: events through the index with 10 to 3,000 rules, beside a loop over the same compiled rules,
 * json-rules-engine, and JSON.parse of the same events. Rounds of all of them take turns, so that noise hits each.
 */
import { Engine } from "json-rules-engine";
import { candidatesIn } from "../src/detect/index-rules.ts";
import type { SelectionRule } from "../src/detect/rule.ts";
import { makeRuleIndex } from "../src/detect/rule-index.ts";
import { compileDetection } from "../src/detect/sigma/compile.ts";
import { createFieldReader } from "../src/detect/sigma/fields.ts";
import { createWordReader } from "../src/detect/sigma/keywords.ts";
import { parseSigma } from "../src/detect/sigma/parse.ts";
import { requirementsOf } from "../src/detect/sigma/requirements.ts";
import type { SecurityEvent } from "../src/ingest/event.ts";
import { compared } from "./compared.ts";
import { type GeneratedClause, type GeneratedRule, generateEvents, generateRules, sigmaOf } from "./generated-rules.ts";
import type { Figure } from "./run.ts";
import { seed } from "./seed.ts";

const rounds = 15;
const eventCount = 4_000;
const loopCount = 200; // events of a round of the plain loop
const engineRules = 1_000;
const engineEvents = 20;
const engineRounds = 5;
const field = createFieldReader();
const words = createWordReader();

function compile(rules: readonly GeneratedRule[]): SelectionRule[] {
  return rules.map((rule, n) => {
    const [document] = parseSigma(sigmaOf(rule)).documents;
    if (document?.kind !== "DETECTION") throw new Error(`${rule.title} does not parse`);
    const { body, logsource, yaml } = document;
    return {
      stored: { id: `rule-${n}`, revision: 1, mode: "ACTIVE", yaml },
      document,
      matches: compileDetection(body, logsource, { field, words }),
      asks: { logsource, requirements: requirementsOf(body) },
      counters: [],
    };
  });
}

/** How many rules matched how many events: what every way must agree on. */
function throughIndex(rules: readonly SelectionRule[]): (events: readonly SecurityEvent[]) => number {
  const asks = rules.map((rule) => rule.asks);
  const candidates = candidatesIn(makeRuleIndex(asks, { field, words }), rules);
  return (events) => {
    let hits = 0;
    for (const event of events) for (const rule of candidates(event)) if (rule.matches(event)) hits++;
    return hits;
  };
}

function throughLoop(rules: readonly SelectionRule[]): (events: readonly SecurityEvent[]) => number {
  return (events) => {
    let hits = 0;
    for (const event of events) {
      const category = event.category.toLowerCase();
      for (const rule of rules) if (rule.document.logsource.category === category && rule.matches(event)) hits++;
    }
    return hits;
  };
}

const operators: Record<GeneratedClause["operator"], (fact: unknown, values: (string | number)[]) => boolean> = {
  equal: (fact, values) => values.includes(String(fact).toLowerCase()),
  contains: (fact, values) => values.some((value) => String(fact).toLowerCase().includes(String(value))),
  endswith: (fact, values) => values.some((value) => String(fact).toLowerCase().endsWith(String(value))),
  regex: (fact, values) => values.some((value) => new RegExp(String(value)).test(String(fact))),
  greater: (fact, [bound]) => Number(fact) > Number(bound),
};

/** The same rules, in its words. */
function engineFor(rules: readonly GeneratedRule[]): Engine {
  const engine = new Engine([], { allowUndefinedFacts: true });
  for (const [name, holds] of Object.entries(operators)) engine.addOperator(`vigil-${name}`, holds);
  const conditionOf = ({ field: fact, operator, values }: GeneratedClause) => ({
    fact,
    operator: `vigil-${operator}`,
    value: values,
  });
  for (const { title, category, clauses, exception } of rules) {
    const all = [
      { fact: "category", operator: "equal", value: category },
      ...clauses.map(conditionOf),
      ...(exception ? [{ not: conditionOf(exception) }] : []),
    ];
    engine.addRule({ conditions: { all }, event: { type: title } });
  }
  return engine;
}

function factsOf(event: SecurityEvent): Record<string, unknown> {
  const names = ["event.action", "event.outcome", "user.name", "target.type", "url.path", "url.query", "source.ip"];
  const more = ["user_agent.original", "message", "http.response.bytes"];
  const facts = [...names, ...more].map((name) => [name, field(name, {})(event)] as const);
  return { ...Object.fromEntries(facts), category: event.category.toLowerCase() };
}

/** µs per event of each way, by round; the first round warms up and does not count. */
function race(ways: readonly { run: () => unknown; events: number }[]): number[][] {
  const times: number[][] = ways.map(() => []);
  for (let round = 0; round <= rounds; round++)
    for (const [index, { run, events }] of ways.entries()) {
      const began = performance.now();
      run();
      if (round > 0) times[index]?.push(((performance.now() - began) * 1_000) / events);
    }
  return times;
}

export async function rulesBench(): Promise<Figure[]> {
  const generated = generateRules(3_000, seed());
  const events = generateEvents(eventCount, seed() + 1, generated);
  const some = events.slice(0, loopCount);
  const texts = events.map((event) => JSON.stringify(event));
  const rules = compile(generated);
  const sizes = [10, 100, 1_000, 3_000];
  const indexes = sizes.map((size) => throughIndex(rules.slice(0, size)));
  const [loop, loopOfThousand] = [throughLoop(rules), throughLoop(rules.slice(0, engineRules))];
  if (indexes[3]?.(some) !== loop(some)) throw new Error("the index and the loop disagree");
  const [parse = [], plain = [], plainOfThousand = [], ...indexed] = race([
    { run: () => texts.forEach((text) => void JSON.parse(text)), events: eventCount },
    { run: () => loop(some), events: loopCount },
    { run: () => loopOfThousand(some), events: loopCount },
    ...indexes.map((index) => ({ run: () => index(events), events: eventCount })),
  ]);
  const [, hundred = [], thousand = [], most = []] = indexed;
  const engine = await engineTimes(generated.slice(0, engineRules), events.slice(0, engineEvents), loopOfThousand);
  const figure = (subject: string, own: number[], baseline: string, others: number[]): Figure =>
    compared({ bench: "rules", subject, baseline, unit: "µs per event" }, own, others);
  return [
    ...sizes.map((size, n) => figure(`index of ${size} rules`, indexed[n] ?? [], "JSON.parse of the event", parse)),
    figure("loop over 3000 rules", plain, "index of 3000 rules", most),
    figure("index of 3000 rules", most, "index of 100 rules", hundred),
    figure("loop over 1000 rules", plainOfThousand, "index of 1000 rules", thousand),
    figure("json-rules-engine with 1000 rules", engine, "index of 1000 rules", thousand),
  ];
}

async function engineTimes(
  rules: readonly GeneratedRule[],
  events: readonly SecurityEvent[],
  loop: (events: readonly SecurityEvent[]) => number,
): Promise<number[]> {
  const engine = engineFor(rules);
  const facts = events.map(factsOf);
  let hits = 0;
  const times: number[] = [];
  for (let round = 0; round <= engineRounds; round++) {
    hits = 0;
    const began = performance.now();
    for (const one of facts) hits += (await engine.run(one)).events.length;
    times.push(((performance.now() - began) * 1_000) / events.length);
  }
  if (hits !== loop(events)) throw new Error(`json-rules-engine found ${hits} matches, the loop ${loop(events)}`);
  return times.slice(1);
}
