import { describe, expect, it } from "vitest";
import { parseDocument, stringify } from "yaml";
import { compileRules } from "../../src/detect/compile.ts";
import { parseSigma } from "../../src/detect/sigma/parse.ts";

const documents = [
  `title: Export of records
name: export
logsource:
  category: application
detection:
  selection:
    event.action|startswith: record.export
    http.status|gte: 200
    source.ip|cidr: [10.0.0.0/8, "2001:db8::/32"]
  words:
    - "*secret?"
    - 42
  nothing:
    - user.name: null
    - url.path|re|i: "^/[a-z]+/(?:x|y)*$"
  condition: selection and (1 of w* or not nothing)
level: high
tags: [attack.exfiltration]
`,
  `title: Many exports
correlation:
  type: value_count
  rules: [export, "other"]
  group-by: [user.name]
  timespan: 15m
  condition:
    field: target.id
    gte: 10
    lt: 1_000
  aliases:
    user.name:
      export: actor.name
generate: true
level: critical
`,
  `title: Not the night job
logsource:
  category: application
filter:
  rules: [export]
  selection:
    user.name: night-job
  condition: not selection
`,
];

/** The same numbers on every run. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % below;
  };
}

const odd = [
  null,
  true,
  -1,
  Number.POSITIVE_INFINITY,
  "",
  "%",
  "*",
  "\\",
  [],
  [[]],
  {},
  { a: { b: [] } },
  "1 of",
  "(((",
  "x".repeat(3_000),
];

type Pick = (below: number) => number;

function cut(text: string, pick: Pick): string {
  return text.slice(0, pick(text.length));
}

function garbled(text: string, pick: Pick): string {
  const at = pick(text.length);
  const characters = "\u0000\t:-[]{}&*!|>'\"%@`#?,\n\ud800";
  return text.slice(0, at) + characters[pick(characters.length)] + text.slice(at + pick(3));
}

/** Every place in the document: the path to each key and each item. */
function placesOf(value: unknown, path: (string | number)[] = []): (string | number)[][] {
  if (typeof value !== "object" || value === null) return [path];
  const inner = Array.isArray(value) ? value.map((item, n) => [n, item] as const) : Object.entries(value);
  return [...(path.length > 0 ? [path] : []), ...inner.flatMap(([key, item]) => placesOf(item, [...path, key]))];
}

function swapped(text: string, pick: Pick): string {
  const document = parseDocument(text);
  const places = placesOf(document.toJS());
  document.setIn(places[pick(places.length)] as (string | number)[], odd[pick(odd.length)]);
  return document.toString();
}

function removed(text: string, pick: Pick): string {
  const document = parseDocument(text);
  const places = placesOf(document.toJS());
  document.deleteIn(places[pick(places.length)] as (string | number)[]);
  return document.toString();
}

const mutations = [cut, garbled, swapped, removed];
const rounds = 1_000;
const patience = 120_000; // ms for all of them, on a busy machine

describe("documents that are no good Sigma", () => {
  it(
    "are refused with their line and a reason, or accepted; none is a crash, and none takes long",
    () => {
      const pick = numbers(20_261_124);
      let refused = 0;
      let slowest = 0;
      for (let round = 0; round < rounds; round++) {
        let parts = [...documents];
        for (let times = 1 + pick(2); times > 0; times--) {
          const which = pick(parts.length);
          const mutation = mutations[pick(mutations.length)] as (typeof mutations)[number];
          parts = parts.map((text, n) => (n === which ? safely(mutation, text, pick) : text));
        }
        const yaml = parts.join("---\n");
        const before = performance.now();
        const { documents: parsed, errors } = parseSigma(yaml);
        const rules = parsed.map((document, n) => ({
          id: `r${n}`,
          revision: 1,
          mode: "ACTIVE" as const,
          yaml: document.yaml,
        }));
        const faults = compileRules(rules).errors;
        slowest = Math.max(slowest, performance.now() - before);
        if (errors.length + faults.length > 0) refused++;
        const lines = yaml.split(/\r\n?|\n/).length;
        for (const { line, message, code } of errors) {
          expect(line, yaml).toBeGreaterThanOrEqual(1);
          expect(line, yaml).toBeLessThanOrEqual(lines);
          expect(message.length, yaml).toBeGreaterThan(5);
          expect(["INVALID", "UNSUPPORTED"]).toContain(code);
        }
        for (const { message } of faults) expect(message.length, yaml).toBeGreaterThan(5);
      }
      expect(refused).toBeGreaterThan(rounds / 2);
      expect(slowest).toBeLessThan(5_000); // ms; a set of documents takes about two, and a busy machine stalls
    },
    patience,
  );

  it("are refused whatever their shape", () => {
    for (const value of odd) expect(parseSigma(stringify(value)).errors.length, stringify(value)).toBeGreaterThan(0);
  });
});

/** A text that an earlier mutation made no YAML any more stays as it is. */
function safely(mutation: (text: string, pick: Pick) => string, text: string, pick: Pick): string {
  try {
    return mutation(text, pick);
  } catch {
    return text;
  }
}
