import { describe, expect, it } from "vitest";
import { builtinRules } from "../../../src/detect/builtin.ts";
import { correlationFaults } from "../../../src/detect/sigma/correlation-faults.ts";
import { fieldFaults } from "../../../src/detect/sigma/field-faults.ts";
import { parseSigma } from "../../../src/detect/sigma/parse.ts";
import { countedAmong } from "../../../src/detect/store/counted.ts";
import type { Logsource } from "../../../src/ingest/event.ts";
import { selectionRule, threeFailures } from "../rules.ts";

const faults = (clause: string, logsource: Logsource = { category: "authentication" }) =>
  parseSigma(selectionRule(`s:\n  ${clause}\ncondition: s`, logsource)).documents.flatMap(fieldFaults);

describe("a field that no event can have", () => {
  it("is refused with its place and with the name that was meant", () => {
    const good = selectionRule("s: { user.name: ann }\ncondition: s", { category: "data" });
    const bad = selectionRule("s:\n  - user.name: ann\n    user.nmae|contains: x\n  - colour: red\ncondition: s", {
      category: "authentication",
    });
    const { documents } = parseSigma([good.trim(), bad.trim()].join("\n---\n"));
    expect(documents.flatMap(fieldFaults)).toEqual([
      {
        path: "detection.s.0.user.nmae|contains",
        line: 12,
        message:
          "events of the category authentication have no field `user.nmae`: did you mean `user.name`? (your own fields are written `attributes.user.nmae`)",
      },
      {
        path: "detection.s.1.colour",
        line: 13,
        message:
          "events of the category authentication have no field `colour`: your own fields are written `attributes.colour`",
      },
    ]);
  });

  it.each([
    ["event.outcome: failure"],
    ["actor.email: ann@example.org"],
    ["attributes.mfa.method: sms"],
    ["host.name: web-1"],
    ["event.reason: x"],
    ["source.geo.region_name: x"],
    ["user.name|fieldref: target.name"],
  ])("is none of these: %s", (clause) => {
    expect(faults(clause)).toEqual([]);
  });

  it("may be one that another is compared with", () => {
    expect(faults("user.name|fieldref: target.nam")).toMatchObject([
      { message: expect.stringContaining("did you mean `target.name`?") },
    ]);
  });

  it("is known for web logs by Sigma's taxonomy", () => {
    expect(faults("cs-uri-query|contains: x", { category: "webserver" })).toEqual([]);
    expect(faults("cs-cookie: x", { category: "proxy" })).toEqual([]);
    expect(faults("cs-uri-querry: x", { category: "webserver" })).toMatchObject([
      { message: expect.stringContaining("did you mean `cs-uri-query`?") },
    ]);
  });

  it("cannot be told for a product, for other categories, or for a correlation", () => {
    expect(faults("anything: x", { product: "okta", category: "authentication" })).toEqual([]);
    expect(faults("anything: x", { category: "process_creation" })).toEqual([]);
    expect(faults("anything: x", {})).toEqual([]);
    expect(parseSigma(threeFailures).documents.flatMap(fieldFaults)).toEqual([]);
  });

  it("is in none of the rules that come with Vigil", () => {
    const documents = builtinRules().map(({ document }) => document);
    expect(documents.flatMap(fieldFaults)).toEqual([]);
    const correlations = documents.filter(({ kind }) => kind === "CORRELATION");
    expect(correlations.length).toBeGreaterThan(10);
    expect(correlations.flatMap((document) => correlationFaults(document, countedAmong(documents)))).toEqual([]);
  });
});
