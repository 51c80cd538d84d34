/** CrowdSec's scenarios over the logs of their tests: exactly the expected sources overflow. */
import { type CorpusResult, readRows, tally, type Verdict } from "../corpus.ts";
import type { Engine, Trial, TrialResult } from "../engine.ts";
import { type Scenario, type Translation, translate, yamlOf } from "./bucket.ts";
import { feedOf, type ScenarioCase } from "./cases.ts";
import { Unsupported } from "./tokens.ts";

interface Prepared {
  trial: Trial;
  from: string;
  /** The scenarios that are judged. The titles of a scenario's documents begin with its number and a blank. */
  names: (string | undefined)[];
  /** Why a scenario of the case is not. */
  left: string[];
}

export async function runScenarios(directory: string, engine: Engine): Promise<CorpusResult[]> {
  const cases = await readRows<ScenarioCase>(directory, "crowdsec/scenario_cases.jsonl");
  if (cases.length === 0) return [];
  const prepared = cases.map(prepare);
  const ready = prepared.filter((one) => "trial" in one);
  const results = await engine.run(ready.map(({ trial }) => trial));
  const judged = cases.map((one, n) => {
    const made = prepared[n] as Prepared | { unsupported: string };
    if (!("trial" in made)) return { one, from: "", verdict: made };
    return { one, from: made.from, verdict: judge(one, made, results[ready.indexOf(made)] as TrialResult) };
  });
  const verdicts = (from: string) =>
    judged.filter((each) => each.from === from).map(({ one, verdict }) => [one.id, verdict] as const);
  const parts = ready.flatMap(({ left }) => left);
  const rest = tally("CrowdSec scenarios, other", false, verdicts(""));
  return [
    { ...tally("CrowdSec scenarios, log lines", true, verdicts("lines")), atLeast: 0.95 },
    { ...tally("CrowdSec scenarios, parsed events", true, verdicts("parsed events")), atLeast: 0.95 },
    { ...rest, notes: [...(rest.notes ?? []), ...parts.map((reason) => `1 scenario of a judged case: ${reason}`)] },
  ];
}

/** A scenario that cannot be translated does not keep the case's others from being judged. */
function prepare(one: ScenarioCase): Prepared | { unsupported: string } {
  const translations = one.scenarioDefs.map((scenario, n) => translateOrSay(scenario, `${n} ${scenario.name}`));
  const feed = feedOf(one, [...new Set(translations.flatMap((each) => ("fields" in each ? each.fields : [])))]);
  if ("unreadable" in feed) return { unsupported: feed.unreadable };
  const judged = translations.map((each) => {
    if ("unsupported" in each) return each;
    const missing = each.fields.find((field) => !feed.tells(field));
    return missing === undefined ? each : { unsupported: `parsed events without ${missing}` };
  });
  const left = judged.flatMap((each) => ("unsupported" in each ? [each.unsupported] : []));
  if (left.length === judged.length) return { unsupported: left[0] ?? "no scenario" };
  const documents = judged.flatMap((each) => ("documents" in each ? each.documents : []));
  const yaml = yamlOf(documents.filter((document) => canFire(document, feed.events.length)));
  const names = one.scenarioDefs.map(({ name }, n) => ("unsupported" in (judged[n] ?? {}) ? undefined : name));
  return { trial: { yaml, batches: [feed.events] }, from: feed.from, names, left };
}

/** A window that asks for more events than there are could as well be left out; a base rule keeps one correlation. */
function canFire({ title, correlation }: Record<string, unknown>, events: number): boolean {
  const { gte = 0 } = (correlation as { condition?: { gte?: number } } | undefined)?.condition ?? {};
  return gte <= events || / 1$/.test(String(title));
}

function translateOrSay(scenario: Scenario, title: string): Translation | { unsupported: string } {
  try {
    return translate(scenario, title);
  } catch (error) {
    if (error instanceof Unsupported) return { unsupported: error.message };
    throw error;
  }
}

function judge(one: ScenarioCase, { names }: Prepared, result: TrialResult): Verdict {
  if ("refused" in result) return result.supported ? { failed: result.refused } : { unsupported: result.refused };
  if (result.rejected[0]) return { failed: `an event was rejected: ${result.rejected[0].message}` };
  const differences: string[] = [];
  for (const name of new Set(names)) {
    if (name === undefined) continue;
    const numbers = names.flatMap((other, n) => (other === name ? [`${n} `] : []));
    const found = result.opened.flat().filter(({ rule }) => numbers.some((number) => rule.startsWith(number)));
    const got = new Set(
      found.flatMap(({ subjects }) => subjects.slice(0, 1).map(({ key }) => key.replace(/^.*=/, ""))),
    );
    // Where a test names only a bucket's source, the scenario is the case's own.
    const overflows = (one.expect.results ?? []).filter(
      ({ scenario }) => (scenario ?? one.scenarioDefs[0]?.name) === name,
    );
    const wanted = new Set(overflows.flatMap(({ sources }) => sources.map(({ value, key }) => value ?? key ?? "")));
    const text = (sources: Set<string>) => [...sources].sort().join(" ") || "none";
    if (text(got) !== text(wanted)) differences.push(`${name} expected ${text(wanted)}, got ${text(got)}`);
  }
  return differences.length > 0 ? { failed: differences.join("; ") } : undefined;
}
