import { describe, expect, it } from "vitest";
import { compileRules } from "../../src/detect/compile.ts";
import { compileDetection } from "../../src/detect/sigma/compile.ts";
import { createFieldReader } from "../../src/detect/sigma/fields.ts";
import { createWordReader } from "../../src/detect/sigma/keywords.ts";
import { parseOnce } from "../../src/detect/sigma/parse-once.ts";
import { expandPlaceholders } from "../../src/detect/sigma/placeholders.ts";
import { anyOf } from "../../src/detect/sigma/requirements.ts";
import { allocatedBy } from "../support/allocations.ts";
import fc from "../support/property.ts";
import { compiled, event, selectionRule } from "./rules.ts";

const titles = (yamls: string[], wish: Parameters<typeof event>[0]) =>
  compiled(yamls)
    .ruleSet.candidates(event(wish))
    .map(({ document }) => document.title);

describe("the rule index", () => {
  it("shows an event only the rules that ask for what it has, however many there are", () => {
    const rules = Array.from({ length: 2_000 }, (_, n) =>
      selectionRule(`s: { event.outcome: failure, event.action: act${n} }\ncondition: s`, {}, `t${n}`),
    );
    expect(titles(rules, { action: "ACT7", outcome: "FAILURE" })).toEqual(["t7"]);
    expect(titles(rules, { action: "none", outcome: "FAILURE" })).toEqual([]);
  });

  it("shows a rule whose alternatives ask different fields only to events that have one of them", () => {
    const rules = [
      selectionRule("a: { f: x }\nb: { g|contains: yy, h: z }\ncondition: (a or b) and not b", {}, "either"),
    ];
    expect(titles(rules, { attributes: { f: "X" } })).toEqual(["either"]);
    expect(titles(rules, { attributes: { h: "Z" } })).toEqual(["either"]);
    expect(titles(rules, { attributes: { f: "y", g: "y", k: "x" } })).toEqual([]);
  });

  it("takes from thousands of alternatives what they ask once, not anew with each", async () => {
    const rule = selectionRule(
      `s: [${Array.from({ length: 3_000 }, (_, n) => `{ f: v${n} }`).join(", ")}]\ncondition: s`,
    );
    const [document] = parseOnce(rule).documents;
    if (document?.kind !== "DETECTION") throw new Error("no rule");
    expect(anyOf(document.body)?.get("f")?.keys.size).toBe(3_000);
    expect(await allocatedBy(() => anyOf(document.body))).toBeLessThan(20_000_000);
  });

  it("shows an event only the rules of its logsource", () => {
    const rules = ["okta", "aws"].map((product) =>
      selectionRule("s: { f|contains: x }\ncondition: s", { product }, product),
    );
    expect(titles(rules, { logsource: { product: "AWS" }, attributes: { f: "x" } })).toEqual(["aws"]);
  });

  it("shows it the rules of its own category, too, whatever category its log source has", () => {
    const rules = ["authentication", "webserver"].map((category) =>
      selectionRule("s: { event.outcome: failure }\ncondition: s", { category }, category),
    );
    const { ruleSet } = compiled(rules);
    const shown = (wish: Parameters<typeof event>[0]) =>
      ruleSet.candidates(event({ outcome: "FAILURE", ...wish })).map(({ document }) => document.title);
    const logsource = { category: "webserver" };
    expect(shown({ logsource, category: "AUTHENTICATION" })).toEqual(["authentication", "webserver"]);
    expect(shown({ logsource, category: "WEB" })).toEqual(["webserver"]);
    expect(shown({ logsource: { category: "application" }, category: "AUTHENTICATION" })).toEqual(["authentication"]);
  });

  it.each([
    ["s: { f: [7, x] }\ncondition: s", { f: "7.0" }],
    ["s: { f: '7' }\ncondition: s", { f: 7 }],
    ["s: { f: true }\ncondition: s", { f: "TRUE" }],
    ["s: { f|cased: X }\ncondition: s", { f: "X" }],
    ["s: { f: x }\ncondition: s", { f: ["y", ["X"]] }],
    ["s: { f|cased|contains: a\u03a3 }\ncondition: s", { f: "a\u03a3b" }], // lower case depends on what follows
    ["a: { f: x }\nb: { f: y }\ncondition: 1 of them", { f: "y" }],
    ["a: { f: x }\nb: { g: y }\ncondition: a or b", { g: "y" }],
    ["a: { f: x }\ncondition: not a", { f: "y" }],
    ["a: { f: x, g|contains: z }\ncondition: a", { f: "x", g: "zz" }],
    ["a: { f: [x, 'y*'] }\ncondition: a", { f: "yes" }],
    ["a: { f: [x, null] }\ncondition: a", {}],
    ["a: { f|all: ['x*', xy] }\ncondition: a", { f: "xy" }],
    ["a: [{ f: x }, { f: y }]\nb: { g: z }\ncondition: a and not b", { f: "y" }],
  ])("never hides a rule that matches: %j", (detection, attributes) => {
    const { ruleSet } = compiled([selectionRule(detection), selectionRule("s: { f: other }\ncondition: s")]);
    const sent = event({ attributes });
    const candidates = ruleSet.candidates(sent);
    expect(candidates.filter((rule) => rule.matches(sent))).toHaveLength(1);
  });

  it("shows a rule once, though two elements of a list lead to it", () => {
    expect(titles([selectionRule("s: { f: [x, y] }\ncondition: s")], { attributes: { f: ["x", "y"] } })).toHaveLength(
      1,
    );
  });

  it.each([
    ["f|contains: needle", { f: "needle" }],
    ["f|startswith: needle", { f: "NEEDLE7" }],
    ["f|endswith: [needle7, needle8]", { f: "a needle7" }],
    ["f: 'a*needle?'", { f: "a needle7" }],
    ["f|re: 'x+needle'", { f: "xxneedle" }],
    ["f|contains|windash: ' -needle'", { f: " /needle" }],
    ["f|base64offset|contains: needle", { f: btoa("a needle") }],
    ["'|all': [nee, dle]", { g: "needle" }],
    ["f|fieldref: g", { f: "a", g: "a" }],
    ["f|gte: 5", { f: 7 }],
  ])("shows the rule %s to no event that cannot match it", (clause, attributes) => {
    const rules = [selectionRule(`s: { ${clause} }\ncondition: s`)];
    expect(titles(rules, { attributes })).toHaveLength(1);
    expect(titles(rules, { attributes: { h: "something else" } })).toEqual([]);
  });

  it("never hides a rule that a look at every rule finds, whatever rules and events", () => {
    const text = fc.oneof(
      fc.constantFrom("", "a", "ab", "Abc", "S", "ss", "7", "7.0", "-a", "/a", "true", "10.0.0.1", "\u017f", "\u0130i"),
      fc.string({ unit: fc.constantFrom("a", "b", "S", "*", "?", "-", "%", "\u00e9", "\u03a3"), maxLength: 6 }),
    );
    const scalar = fc.oneof(text, fc.constantFrom(null, true, false, 7, 7.5, 0, 1_700_000_000_000, "2024-07-10T03:45"));
    const clause = fc.oneof(
      ...[
        "",
        "|cased",
        "|contains",
        "|startswith|cased",
        "|endswith",
        "|contains|cased",
        "|windash",
        "|contains|windash",
      ]
        .flatMap((modifiers) => [modifiers, `${modifiers}|all`, `${modifiers}|neq`])
        .map((modifiers) => fc.tuple(fc.constant(modifiers), fc.array(scalar, { minLength: 1, maxLength: 3 }))),
      ...["|base64offset", "|base64", "|wide|contains", "|expand", "|expand|contains"].map((modifiers) =>
        fc.tuple(fc.constant(modifiers), fc.array(text, { minLength: 1, maxLength: 2 })),
      ),
      ...["|re", "|re|i", "|re|i|m|s|all"].map((modifiers) =>
        fc.tuple(
          fc.constant(modifiers),
          fc.array(fc.constantFrom("ab", "a|S", "^a.*s$", "[ab]+c?", "(a|b)S", "s{2}", "."), {
            minLength: 1,
            maxLength: 2,
          }),
        ),
      ),
      ...["|lt", "|gte", "|hour", "|year|gt"].map((modifiers) => fc.tuple(fc.constant(modifiers), fc.constant([7]))),
      fc.tuple(
        fc.constantFrom("|fieldref", "|fieldref|neq", "|fieldref|endswith"),
        fc.constantFrom(["f"], ["g", "h.i"]),
      ),
      fc.tuple(fc.constant("|exists"), fc.constantFrom([true], [false])),
      fc.tuple(fc.constant("|cidr"), fc.constant(["10.0.0.0/8"])),
    );
    const field = fc.constantFrom("f", "g", "h.i", "message", "");
    const map = fc
      .array(fc.tuple(field, clause), { minLength: 1, maxLength: 3 })
      .map((clauses) => Object.fromEntries(clauses.map(([name, [modifiers, values]]) => [name + modifiers, values])));
    const selection = fc.oneof(map, fc.array(fc.oneof(map, text), { minLength: 1, maxLength: 2 }));
    const detection = fc.record({
      a: selection,
      b: selection,
      c: selection,
      condition: fc.constantFrom(
        "a",
        "a and b",
        "a or b",
        "a and not b",
        "not a",
        "1 of them",
        "all of them",
        "(a or b) and c",
      ),
    });
    const value = fc.oneof(scalar, fc.array(fc.oneof(scalar, fc.array(scalar)), { maxLength: 3 }));
    const attributes = fc.record({ f: value, g: value, h: fc.record({ i: value }) }, { requiredKeys: [] });
    const placeholders = new Map([["a", ["a", "b*"]]]);
    let matched = 0;
    fc.assert(
      fc.property(
        fc.array(detection, { minLength: 1, maxLength: 8 }),
        fc.array(attributes),
        text,
        (bodies, sent, message) => {
          const stored = bodies.map((body, n) => ({
            id: `r${n}`,
            revision: 1,
            mode: "ACTIVE" as const,
            yaml: JSON.stringify({ title: `r${n}`, logsource: {}, detection: body }),
          }));
          const { ruleSet } = compileRules(stored, { placeholders });
          const loop = stored.flatMap(({ id, yaml }) => {
            const [document] = parseOnce(yaml).documents;
            if (document?.kind !== "DETECTION") return [];
            const { body, faults } = expandPlaceholders(document.body, placeholders);
            const context = { field: createFieldReader(), words: createWordReader() };
            return faults.length > 0 ? [] : [{ id, yaml, matches: compileDetection(body, {}, context) }];
          });
          for (const one of sent) {
            const seen = event({ attributes: one, message });
            const shown = ruleSet.candidates(seen).map(({ document }) => document.title);
            expect(new Set(shown).size).toBe(shown.length);
            for (const { id, yaml, matches } of loop) {
              if (!matches(seen)) continue;
              matched++;
              expect(shown, `${yaml} ${JSON.stringify(one)} ${message}`).toContain(id);
            }
          }
        },
      ),
      { numRuns: 400 },
    );
    expect(matched).toBeGreaterThan(300);
  });
});
