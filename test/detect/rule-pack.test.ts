import { describe, expect, it } from "vitest";
import { builtinRules } from "../../src/detect/builtin.ts";
import { compileRules } from "../../src/detect/compile.ts";
import { createDetector } from "../../src/detect/detector.ts";
import type { SecurityEvent } from "../../src/ingest/event.ts";
import { eventsOf, ruleCases } from "./cases.ts";

const rules = builtinRules();
const { ruleSet, errors } = compileRules(
  rules.map(({ document, yaml }) => ({ id: document.name ?? "", revision: 1, mode: "ACTIVE", yaml })),
);
// Those of behaviour have their cases in behaviour/detectors.
const written = rules.filter(({ document }) => document.kind !== "BEHAVIOUR");
const shown = written.filter(({ document }) => ruleSet.firing.get(`${document.name}@1`)?.silent === false);
const detect = async (events: SecurityEvent[]) => (await createDetector({ ruleSet }).evaluate(events)).detections;

describe("the rule pack", () => {
  const cases = ruleCases();

  it("compiles, and has at least 80 rules that people see, each with cases that fire and near misses", () => {
    expect(errors).toEqual([]);
    expect(shown.length).toBeGreaterThanOrEqual(80);
    expect(cases.map(({ rule }) => rule).sort()).toEqual(shown.map(({ document }) => document.name).sort());
    for (const { rule, fires, silent } of cases) {
      expect(fires.length, rule).toBeGreaterThan(0);
      expect(silent.length, rule).toBeGreaterThan(0);
    }
  });

  it("keeps what it only counts silent", () => {
    const informational = shown.filter(({ document }) => document.severity === "INFO");
    expect(informational.map(({ file }) => file)).toEqual([]);
  });

  for (const { rule, fires, silent } of cases)
    describe(rule, () => {
      it.each(fires)("fires once: $why", async ({ events, about }) => {
        const found = (await detect(eventsOf(events))).filter(({ ruleId }) => ruleId === rule);
        expect(found.map(({ opened }) => opened)).toEqual([true]);
        if (about) expect(found[0]?.subjects.map(({ kind, key }) => `${kind} ${key}`)).toEqual(about);
      });

      it.each(silent)("is silent: $why", async ({ events }) => {
        const found = (await detect(eventsOf(events))).filter(({ ruleId }) => ruleId === rule);
        expect(found.map(({ explanation }) => explanation)).toEqual([]);
      });
    });
});
