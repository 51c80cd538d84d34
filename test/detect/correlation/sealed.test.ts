import { describe, expect, it } from "vitest";
import { compileRules } from "../../../src/detect/compile.ts";
import { createDetector } from "../../../src/detect/detector.ts";
import type { SecurityEvent } from "../../../src/ingest/event.ts";
import { event, selectionRule } from "../rules.ts";

/** As anyone may see it: dose and patient are sealed. */
function clearOf(one: SecurityEvent): SecurityEvent {
  const { dose, patient, ...attributes } = one.attributes;
  if (one.attributes["shown"] || (dose === undefined && patient === undefined)) return one;
  return { ...one, attributes };
}

async function explanation(lines: string, attributes: Record<string, unknown>[]): Promise<string> {
  const given = `name: given\n${selectionRule("s: { event.action: give }\ncondition: s", {}, "Given")}`;
  const many = `title: Many\ncorrelation:\n  rules: [given]\n  group-by: [user.name]\n  timespan: 1m\n${lines.replace(/^/gm, "  ")}\n`;
  const stored = [given, many].map((yaml, n) => ({ id: `rule-${n}`, revision: 1, mode: "ACTIVE" as const, yaml }));
  const disguise = { clearOf, pseudonym: (value: string) => `sealed-${value.length}` };
  const { ruleSet, errors } = compileRules(stored, { disguise });
  expect(errors).toEqual([]);
  const events = attributes.map((one, at) => event({ action: "give", at, actor: { name: "ann" }, attributes: one }));
  return (await createDetector({ ruleSet }).evaluate(events)).detections.map((one) => JSON.stringify(one)).join();
}

describe("a number that is stored sealed", () => {
  const numbers = /431\.5|342\.25|773\.75/; // with fractions: bare digits also occur in random ids

  it("is added up as it was sent, and told to nobody", async () => {
    const sum = "type: value_sum\ncondition: { field: dose, gt: 700 }";
    const told = await explanation(sum, [{ dose: 431.5 }, { dose: "342.25" }]);
    expect(told).toContain("adds up to a sealed number for user ann");
    expect(told).not.toMatch(numbers);
    expect(await explanation(sum, [{ dose: 431 }])).toBe("");
  });

  it("stays untold when the event that makes the rule fire is not sealed itself", async () => {
    const sum = "type: value_sum\ncondition: { field: dose, gt: 700 }";
    const told = await explanation(sum, [{ dose: 431.5 }, { dose: 342.25, shown: true }]);
    expect(told).toContain("a sealed number");
    expect(told).not.toMatch(numbers);
  });

  it("hides the average of those that are not", async () => {
    const average = "type: value_avg\ncondition: { field: dose, gt: 1 }";
    expect(await explanation(average, [{ dose: 431 }])).toContain("is a sealed number on average");
  });

  it("is told where it is not sealed", async () => {
    const sum = "type: value_sum\ncondition: { field: bytes, gt: 700 }";
    expect(await explanation(sum, [{ bytes: 431, patient: "p" }, { bytes: 342 }])).toContain("adds up to 773 for");
  });
});

describe("values that are stored sealed", () => {
  it("are counted by their pseudonyms, of which only the number is told", async () => {
    const count = "type: value_count\ncondition: { field: patient, gte: 2 }";
    const told = await explanation(count, [{ patient: "p-1" }, { patient: "p-22" }, { patient: "p-1" }]);
    expect(told).toContain('3 × \\"Given\\" with 2 different patient');
    expect(told).not.toMatch(/p-1|p-22/);
  });
});
