import { describe, expect, it } from "vitest";
import { detectors } from "../../../src/detect/behaviour/detectors.ts";
import { facetsOf, facetTable } from "../../../src/detect/behaviour/facets.ts";
import { builtinRules } from "../../../src/detect/builtin.ts";
import { parseSigma } from "../../../src/detect/sigma/parse.ts";

const faults = (behaviour: string) =>
  parseSigma(`title: T\nbehaviour:\n${behaviour.replace(/^/gm, "  ")}\n`).errors.map(
    ({ line, path, message }) => `${line} ${path}: ${message}`,
  );

describe("the document of a behaviour rule", () => {
  it("names a detector, and those of its parameters that are not as usual", () => {
    const { documents, errors } = parseSigma(
      "title: T\nlevel: high\nbehaviour: { detector: impossible_travel, parameters: { maxSpeedKmh: 700 } }\n",
    );
    expect(errors).toEqual([]);
    expect(documents).toMatchObject([
      {
        kind: "BEHAVIOUR",
        severity: "HIGH",
        body: { detector: "impossible_travel", parameters: { maxSpeedKmh: 700 } },
      },
    ]);
  });

  it("is refused with line, path and what would be right", () => {
    expect(faults("detector: imposible_travel")).toEqual([
      "3 behaviour.detector: there is no detector called `imposible_travel`: did you mean `impossible_travel`?",
    ]);
    const told = faults(
      "detector: impossible_travel\nparameters:\n  maxSpeed: 1\n  maxSpeedKmh: fast\n  learningDays: 1000\n  nonsense: 1",
    );
    expect(told[0]).toBe(
      "5 behaviour.parameters.maxSpeed: there is no parameter of impossible_travel called `maxSpeed`: did you mean `maxSpeedKmh`?",
    );
    expect(told[1]).toMatch(/^6 behaviour.parameters.maxSpeedKmh: .*: must be a number, e.g. 900$/);
    expect(told[2]).toMatch(/^7 behaviour.parameters.learningDays: .*: must be from 0 to 90, and is 1000$/);
    expect(told[3]).toMatch(/^8 .*there are `maxSpeedKmh`/);
    expect(faults("detector: new_country\nparameters: { trustKnownDevices: 1 }")[0]).toMatch(/must be true or false$/);
    expect(faults("detector: 4")[0]).toMatch(/^3 behaviour.detector: names a detector: impossible_travel, /);
    expect(faults("detector: new_country\nwhen: now")).toEqual([
      "4 behaviour.when: behaviour has no when, only detector and parameters",
    ]);
    expect(parseSigma("title: T\nlogsource: {}\nbehaviour: { detector: new_country }\n").errors[0]?.message).toContain(
      "its detector knows which events it is about",
    );
  });
});

describe("the table of detectors", () => {
  it("has a built-in rule for each, whose document says nothing of parameters", () => {
    const rules = builtinRules().filter(({ document }) => document.kind === "BEHAVIOUR");
    expect(rules.map(({ document }) => document.name)).toEqual(detectors.map(({ name }) => name));
    for (const { document } of rules) expect(document.body).toMatchObject({ parameters: {} });
  });

  it("names no facet twice, and every parameter with a default within its bounds", () => {
    expect([...facetTable.values()].flat().length).toBeGreaterThan(10);
    for (const { name, parameters } of detectors)
      for (const [parameter, { default: value, min, max, description }] of Object.entries(
        parameters as Record<string, { default: unknown; min?: number; max?: number; description: string }>,
      )) {
        expect(description, `${name}.${parameter}`).not.toBe("");
        if (typeof value === "number") {
          expect(value, `${name}.${parameter}`).toBeGreaterThanOrEqual(min ?? Number.NEGATIVE_INFINITY);
          expect(value, `${name}.${parameter}`).toBeLessThanOrEqual(max ?? Number.POSITIVE_INFINITY);
        }
      }
    const [first] = detectors;
    const [facet] = first?.facets ?? [];
    const twin = { ...first, facets: [{ ...facet }] } as never;
    expect(() => facetsOf([...detectors, twin])).toThrow("Two facets are called");
  });
});
