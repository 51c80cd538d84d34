/**
 * A scenario's bucket -> Sigma documents that detect the same sources.
 *
 * A leaky bucket of capacity C that leaks one event every L overflows when, of some run of n events over a time T, more than C
 * are left: n - T / L > C. Written for n = C + m that is "C + m events in less than m × L", so a bucket is exactly the
 * union of the windows m = 1, 2, 3, … (a window of Sigma is half open, so "less than" is its own meaning). A window for
 * each m up to `steps` is written: what is missed is a storm that comes so little faster than the bucket leaks that it
 * overflows only after more than C + steps events. With `distinct` the values are counted: the same while no value comes
 * back within its bucket's life; CrowdSec forgets a value only with the bucket.
 */
import { stringify } from "yaml";
import { conditionParts } from "./condition.ts";
import { type Node, parseExpression } from "./expression.ts";
import { detectionOf, fieldsOf, filterTerm, join, not, type Term } from "./filter.ts";
import { Unsupported } from "./tokens.ts";

export interface Scenario {
  name: string;
  type: string;
  filter: string;
  groupby?: string;
  distinct?: string;
  capacity?: number;
  leakspeed?: string;
  condition?: string;
}

export interface Translation {
  documents: Record<string, unknown>[];
  /** What its filter and its distinct values ask of the events. */
  fields: string[];
}

const steps = 40;

/** The documents' titles all begin with `title`. Throws Unsupported where there are none. */
export function translate(scenario: Scenario, title: string): Translation {
  const filter = filterTerm(parseExpression(scenario.filter));
  const group = scenario.groupby === undefined ? [] : fieldsOfGroup(parseExpression(scenario.groupby));
  const distinct = scenario.distinct === undefined ? [] : fieldsOfGroup(parseExpression(scenario.distinct));
  const fields = [...new Set([...fieldsOf(filter), ...distinct])];
  switch (scenario.type) {
    case "trigger":
      return { documents: [rule(title, filter)], fields };
    case "leaky":
      return { documents: variants(filter, group).flatMap((one) => leaky(scenario, title, one, distinct)), fields };
    case "conditional": {
      if (distinct.length > 0) throw new Unsupported("a conditional bucket of distinct values");
      const parts = conditionParts(parseExpression(scenario.condition ?? "nothing"));
      const asked = parts.flat().flatMap(fieldsOf);
      return {
        documents: variants(filter, group).flatMap((one) => conditional(scenario, title, one, parts)),
        fields: [...fields, ...asked],
      };
    }
    default:
      throw new Unsupported(`buckets of type ${scenario.type}`);
  }
}

interface Variant {
  suffix: string;
  filter: Term;
  group: string[];
}

/** CrowdSec groups by an empty text where a part of the key is absent; Sigma leaves such an event out: so, two rules. */
function variants(filter: Term, group: readonly string[]): Variant[] {
  const [optional, another] = group.filter((field) => field !== address);
  if (optional === undefined) return [{ suffix: "", filter, group: [...group] }];
  if (another !== undefined) throw new Unsupported("a key of three parts");
  const there: Term = { kind: "test", key: `${optional}|exists`, value: true };
  const rest = group.filter((field) => field !== optional);
  const whole = { suffix: "", filter: join("and", [filter, there]), group: [...group] };
  if (rest.length === 0) return [whole];
  return [whole, { suffix: " without", filter: join("and", [filter, not(there)]), group: rest }];
}

const address = "source.ip";

function fieldsOfGroup(node: Node): string[] {
  if (node.kind === "add") return node.parts.flatMap(fieldsOfGroup);
  if (node.kind === "literal") return [];
  if (node.kind !== "field") throw new Unsupported("a key that is computed");
  if (node.path === "evt.Meta.source_ip") return [address];
  if (!/^evt\.(Meta|Parsed)\.\w+$/.test(node.path)) throw new Unsupported(`the field ${node.path}`);
  return [node.path];
}

function nameOf(title: string): string {
  return title.replaceAll(/[^A-Za-z0-9]+/g, "_");
}

function rule(title: string, filter: Term): Record<string, unknown> {
  return { title, name: nameOf(title), logsource: {}, detection: detectionOf(filter) };
}

function leaky({ capacity, leakspeed }: Scenario, title: string, variant: Variant, distinct: readonly string[]) {
  const leakMs = durationMs(leakspeed ?? "");
  if (capacity === undefined || capacity < 0) throw new Unsupported(`a leaky bucket of capacity ${capacity}`);
  const base = rule(`${title}${variant.suffix} base`, variant.filter);
  const documents: Record<string, unknown>[] = [base];
  for (let step = 1; step <= steps; step++) {
    const seconds = (step * leakMs) / 1_000;
    if (!Number.isInteger(seconds) || seconds > longest) continue; // Sigma counts whole seconds
    const threshold = { gte: capacity + step };
    documents.push({
      title: `${title}${variant.suffix} ${step}`,
      correlation: {
        type: distinct.length > 0 ? "value_count" : "event_count",
        rules: [base.name],
        "group-by": variant.group,
        timespan: `${seconds}s`,
        condition: distinct.length > 0 ? { field: distinct[0], ...threshold } : threshold,
      },
    });
  }
  return documents;
}

const longest = 31 * 86_400; // seconds, the longest timespan

/** The bucket lives for one leak after its last event; what it must have seen in that time is a temporal correlation. */
function conditional({ leakspeed }: Scenario, title: string, variant: Variant, alternatives: readonly Term[][]) {
  const seconds = durationMs(leakspeed ?? "") / 1_000;
  if (!Number.isInteger(seconds)) throw new Unsupported("a bucket that lives for parts of a second");
  return alternatives.flatMap((parts, n) => {
    const rules = parts.map((part, k) =>
      rule(`${title}${variant.suffix} ${n}.${k} base`, join("and", [variant.filter, part])),
    );
    const correlation = {
      type: "temporal",
      rules: rules.map(({ name }) => name),
      "group-by": variant.group,
      timespan: `${seconds}s`,
    };
    return [...rules, { title: `${title}${variant.suffix} ${n}`, correlation }];
  });
}

const unitMs: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** e.g. `10s`, `0.5s`, `1h30m` */
export function durationMs(text: string): number {
  if (!/^(?:\d+(?:\.\d+)?(?:ms|s|m|h))+$/.test(text)) throw new Unsupported(`the duration ${text || "(none)"}`);
  let sum = 0;
  for (const [, amount, unit = ""] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g))
    sum += Number(amount) * (unitMs[unit] ?? 0);
  return sum;
}

export function yamlOf(documents: readonly Record<string, unknown>[]): string {
  return documents.map((document) => stringify(document, { lineWidth: 0 })).join("---\n");
}
