import { describe, expect, it } from "vitest";
import { compileRules } from "../../src/detect/compile.ts";
import { createDetector } from "../../src/detect/detector.ts";
import { compileDetection } from "../../src/detect/sigma/compile.ts";
import type { DetectionDocument } from "../../src/detect/sigma/document.ts";
import { createFieldReader } from "../../src/detect/sigma/fields.ts";
import { createWordReader } from "../../src/detect/sigma/keywords.ts";
import { parseSigma } from "../../src/detect/sigma/parse.ts";
import { type EventTrace, traceRule } from "../../src/detect/trace.ts";
import type { Logsource, SecurityEvent } from "../../src/ingest/event.ts";
import fc from "../support/property.ts";
import { type EventWish, event, selectionRule } from "./rules.ts";

const context = { field: createFieldReader(), words: createWordReader() };

function tracer(
  yaml: string,
  visibleOf?: (event: SecurityEvent) => SecurityEvent,
): (event: SecurityEvent) => EventTrace {
  const { documents, errors } = parseSigma(yaml);
  expect(errors).toEqual([]);
  const document = documents[0] as DetectionDocument;
  const matches = compileDetection(document.body, document.logsource, context);
  const stored = { id: "rule", revision: 1, mode: "ACTIVE" as const, yaml };
  const rule = {
    stored,
    document,
    matches,
    asks: { logsource: document.logsource, requirements: new Map() },
    counters: [],
  };
  return traceRule(rule, { ...context, ...(visibleOf ? { visibleOf } : {}) });
}

const trace = (detection: string, wish: EventWish, logsource: Logsource = {}) =>
  tracer(selectionRule(detection, logsource))(event(wish));
const messages = ({ selections }: EventTrace) => selections.flatMap(({ clauses }) => clauses.map((one) => one.message));

describe("the trace of a rule", () => {
  it("says of a clause that failed what was found and what was wanted", () => {
    const detection = "s:\n  user.name: root\n  source.ip|cidr: 10.0.0.0/8\ncondition: s";
    const traced = trace(detection, { actor: { name: "ann" }, source: { ip: "10.1.2.3" } });
    expect(traced).toMatchObject({ matched: false, isSeen: true });
    expect(messages(traced)).toEqual(["user.name was `ann`, wanted `root`", "source.ip was `10.1.2.3`, as wanted"]);
  });

  it("says that a field is absent", () => {
    const traced = trace("s: { file.path|endswith: [.exe, .dll] }\ncondition: s", {});
    expect(messages(traced)).toEqual(["the field file.path is absent, wanted ending in `.exe` or ending in `.dll`"]);
    expect(traced.selections[0]?.clauses[0]).toMatchObject({ field: "file.path", found: undefined, matched: false });
  });

  it("gives each part of the condition its truth", () => {
    const detection = "a: { x: 1 }\nb: { x: 2 }\nnoise: { y: 1 }\ncondition: 1 of a* and not noise or b";
    const parts = trace(detection, { attributes: { x: 1, y: 1 } }).condition;
    expect(parts).toEqual([
      { text: "(a and not noise) or b", matched: false, depth: 0 },
      { text: "a and not noise", matched: false, depth: 1 },
      { text: "a", matched: true, depth: 2 },
      { text: "not noise", matched: false, depth: 2 },
      { text: "noise", matched: true, depth: 3 },
      { text: "b", matched: false, depth: 1 },
    ]);
  });

  it("tells an event of another logsource, which the rule never looks at, from one that does not match", () => {
    const detection = "s: { x: 1 }\ncondition: s";
    const wish = { attributes: { x: 1 }, logsource: { product: "windows" } };
    expect(trace(detection, wish, { product: "linux" })).toMatchObject({ isSeen: false, matched: false });
    expect(trace(detection, wish, { product: "windows" })).toMatchObject({ isSeen: true, matched: true });
  });

  it("keeps a sealed value from whoever may not see it, and judges it all the same", () => {
    const whole = event({ target: { type: "record", name: "Jane Roe" } });
    const clear = { ...whole, target: { type: "record" } };
    const yaml = selectionRule("s:\n  target.name: Jane Roe\n  target.type: record\ncondition: s");
    const traced = tracer(yaml, () => clear)(whole);
    expect(traced.matched).toBe(true);
    expect(traced.selections[0]?.clauses[0]).toMatchObject({ found: "[withheld]", isWithheld: true, matched: true });
    expect(traced.selections[0]?.clauses[1]).toMatchObject({ found: "`record`", isWithheld: false });
    expect(JSON.stringify(traced.selections.map(({ clauses }) => clauses.map(({ message }) => message)))).not.toContain(
      "was `Jane Roe`",
    );
  });

  it("agrees with the engine on any rule and event", async () => {
    const field = fc.constantFrom("a", "b", "user.name", "nested.c");
    const modifier = fc.constantFrom(
      "",
      "|contains",
      "|startswith",
      "|endswith",
      "|cased",
      "|exists",
      "|gte",
      "|neq",
      "|all",
    );
    const text = fc.constantFrom("x", "X", "xy", "*x", "?", "5", "yx y");
    const clause = fc
      .tuple(field, modifier, fc.array(text, { minLength: 1, maxLength: 3 }))
      .map(([name, mod, values]) => {
        if (mod === "|exists") return [`${name}${mod}`, values.length > 1];
        if (mod === "|gte") return [`${name}${mod}`, values.length];
        return [`${name}${mod}`, values];
      });
    const map = fc.array(clause, { minLength: 1, maxLength: 3 }).map(Object.fromEntries);
    const selection = fc.oneof(
      map,
      fc.array(map, { minLength: 1, maxLength: 2 }),
      fc.array(text, { minLength: 1, maxLength: 2 }),
    );
    const condition = fc.constantFrom("s", "not s", "s and t", "s or not t", "not (s or t)", "all of them", "1 of t*");
    const value = fc.oneof(text, fc.integer({ min: 0, max: 6 }), fc.constant(null), fc.array(text, { maxLength: 2 }));
    const attributes = fc.dictionary(fc.constantFrom("a", "b", "nested.c"), value, { maxKeys: 3 });
    const source = fc.constantFrom<Logsource>({}, { product: "p" }, { product: "q" }, { category: "web" });
    let matched = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.tuple(selection, selection),
        condition,
        source,
        source,
        attributes,
        text,
        async (...drawn) => {
          const [[s, t], written, wanted, logsource, found, name] = drawn;
          const detection = { s, t, condition: written };
          const yaml = JSON.stringify({ title: "t", logsource: wanted, detection });
          const one = event({ attributes: found, logsource, actor: { name }, category: "WEB" });
          const { ruleSet, errors } = compileRules([{ id: "rule", revision: 1, mode: "ACTIVE", yaml }]);
          fc.pre(errors.length === 0);
          const { detections } = await createDetector({ ruleSet }).evaluate([one]);
          const told = tracer(yaml)(one);
          if (told.matched) matched++;
          expect(told.matched).toBe(detections.length > 0);
          expect(told.condition[0]?.matched).toBe(
            compileDetection((parseSigma(yaml).documents[0] as DetectionDocument).body, wanted, context)(one),
          );
        },
      ),
      { numRuns: 500 },
    );
    expect(matched).toBeGreaterThan(50);
  });
});
