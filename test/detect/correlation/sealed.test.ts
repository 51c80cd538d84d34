import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { compileRules } from "../../../src/detect/compile.ts";
import { createDetector } from "../../../src/detect/detector.ts";
import type { SecurityEvent } from "../../../src/ingest/event.ts";
import { event, selectionRule } from "../rules.ts";

/** As anyone may see it: dose, patient and the name that was sent beside the actor's are sealed. */
function clearOf(one: SecurityEvent): SecurityEvent {
  const { dose, patient, "user.name": name, ...attributes } = one.attributes;
  if (one.attributes["shown"] || (dose === undefined && patient === undefined && name === undefined)) return one;
  return { ...one, attributes };
}

const pseudonym = (value: string): string => `sealed-${createHash("sha256").update(value).digest("hex")}`;

async function explanation(
  lines: string,
  attributes: Record<string, unknown>[],
  groupBy = "user.name",
): Promise<string> {
  const given = `name: given\n${selectionRule("s: { event.action: give }\ncondition: s", {}, "Given")}`;
  const many = `title: Many\ncorrelation:\n  rules: [given]\n  group-by: [${groupBy}]\n  timespan: 1m\n${lines.replace(/^/gm, "  ")}\n`;
  const stored = [given, many].map((yaml, n) => ({ id: `rule-${n}`, revision: 1, mode: "ACTIVE" as const, yaml }));
  const { ruleSet, errors } = compileRules(stored, { disguise: { clearOf, pseudonym } });
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

describe("a user's name that is stored sealed", () => {
  it("is one in all its spellings, which are counted, and neither is told", async () => {
    const count = "type: value_count\ncondition: { field: user.name, gte: 3 }";
    const spellings = ["Alice", "aLICE", "alice"].map((name) => ({ "user.name": name }));
    const told = await explanation(count, spellings, "user.name.folded");
    expect(told).toContain(`with 3 different user.name for user.name.folded=${pseudonym("alice")}`);
    expect(told).not.toMatch(/alice/i);
  });
});
