import { describe, expect, it } from "vitest";
import { parseSigma } from "../../../src/detect/sigma/parse.ts";
import { readPlaceholderFile } from "../../../src/detect/store/placeholder-file.ts";
import fc from "../../support/property.ts";
import { correlation, failedLogin, threeFailures } from "../rules.ts";

const rule = (body: string) => `title: T\nlogsource: { product: app }\n${body}`;

describe("parsing Sigma", () => {
  it("reads what a document says of itself, and takes an absent level for MEDIUM", () => {
    const { documents, errors } = parseSigma(
      rule(
        "id: 1b2c\nname: n\nstatus: test\nlevel: critical\ntags: [attack.t1110]\nreferences: [https://example.org]\nfalsepositives: None\ndetection: { s: { a: 1 }, condition: s }",
      ),
    );
    expect(errors).toEqual([]);
    expect(documents[0]).toMatchObject({
      kind: "DETECTION",
      title: "T",
      sigmaId: "1b2c",
      name: "n",
      status: "test",
      severity: "CRITICAL",
      tags: ["attack.t1110"],
      falsepositives: ["None"],
      logsource: { product: "app" },
    });
    expect(parseSigma(failedLogin).documents[0]?.severity).toBe("MEDIUM");
  });

  it("keeps the good documents of a file, and names document, line, path and cause of each fault", () => {
    const bad = rule("detection:\n  s:\n    ok: 1\n    CommandLine|re: a(?=b)\n  condition: s");
    const worse = rule("detection:\n  s:\n    x: 1\n  condition: s and t");
    const { documents, errors } = parseSigma([failedLogin.trim(), bad, worse, threeFailures].join("\n---\n"));
    expect(documents.map(({ title }) => title)).toEqual(["Failed log-in", "Many"]);
    expect(errors).toMatchObject([
      { document: 1, line: 13, path: "detection.s.CommandLine|re", code: "INVALID" },
      { document: 2, line: 21, path: "detection.condition", code: "INVALID", message: "there is no selection `t`" },
    ]);
  });

  it("gives every document its own text, which alone says the same", () => {
    const { documents } = parseSigma(`# a comment\n---\n${failedLogin.trim()}\n---\n${threeFailures}\n...\n`);
    expect(documents).toHaveLength(2);
    for (const document of documents) {
      const [again] = parseSigma(document.yaml).documents;
      expect(again?.body).toEqual(document.body);
      expect(document.yaml).not.toContain("---");
    }
  });

  it.each([
    ["a title", "logsource: {}\ndetection: { s: { a: 1 }, condition: s }", "title"],
    ["a logsource", "title: T\ndetection: { s: { a: 1 }, condition: s }", "logsource"],
    ["a condition", rule("detection: { s: { a: 1 } }"), "detection.condition"],
    ["a detection or a correlation", rule(""), ""],
    ["a known level", rule("level: awful\ndetection: { s: { a: 1 }, condition: s }"), "level"],
    ["a filled selection", rule("detection: { s: {}, condition: s }"), "detection.s"],
    ["a filled list of values", rule("detection: { s: { a: [] }, condition: s }"), "detection.s.a"],
    ["scalar values", rule("detection: { s: { a: { b: 1 } }, condition: s }"), "detection.s.a"],
    ["known modifiers", rule("detection: { s: { a|nonsense: 1 }, condition: s }"), "detection.s.a|nonsense"],
    ["keys that occur once", rule("detection: { s: { a: 1, a: 2 }, condition: s }"), ""],
  ])("asks for %s", (_, yaml, path) => {
    const { documents, errors } = parseSigma(yaml);
    expect(documents).toEqual([]);
    expect(errors).toMatchObject([{ code: "INVALID", path }]);
  });

  it.each([
    ["array selectors", rule("detection: { s: { 'a[0].b': x }, condition: s }")],
    ["aggregations in a condition", rule("detection: { s: { a: 1 }, condition: s | count() > 3 }")],
    ["two of several", rule("detection: { s1: { a: 1 }, s2: { a: 1 }, condition: 2 of s* }")],
    ["the timeframe of old", rule("detection: { s: { a: 1 }, timeframe: 5m, condition: s }")],
    ["other actions of a collection", "action: merge\ntitle: T"],
    ["conditions that only silence fulfils", correlation("type: event_count\ntimespan: 1m\ncondition: { lt: 1 }")],
    ["months", correlation("type: event_count\ntimespan: 1M\ncondition: { gte: 3 }")],
    ["other kinds of window", correlation("type: event_count\nwindow: session\ntimespan: 1m\ncondition: { gte: 3 }")],
  ])("says of %s that they are not supported", (_, yaml) => {
    const { documents, errors } = parseSigma(yaml);
    expect(documents).toEqual([]);
    expect(errors.map(({ code }) => code)).toEqual(["UNSUPPORTED"]);
  });

  it.each([
    ["a|i: x", "i is a flag of regular expressions and stands after re"],
    ["a|re|contains: x", "the modifiers re, contains exclude each other"],
    ["a|re|i|cased: x", "cased and i contradict each other"],
    ["a|base64|wide: x", "wide must stand before base64: modifiers apply in the order in which they are written"],
    ["a|wide|utf16be|base64: x", "wide and utf16be exclude each other in this order"],
    ["a|base64: 'x*'", "base64 encodes a text as it is: no wildcards (write \\* or \\?), at most four dashes"],
    ["a|base64offset: ''", "the text is too short for base64offset: nothing of it could be recognised"],
    ["a|base64: null", "null is no text, which base64 needs"],
    ["a|fieldref|lt: b", "the modifiers fieldref, lt exclude each other"],
    ["a|fieldref|windash: b", "the modifiers fieldref, windash exclude each other"],
    ["a|hour: 24", "hour takes a whole number from 0 to 23"],
    ["a|hour|day: 3", "hour and day need two clauses"],
    ["a|exists: [true, false]", "exists takes one value, true or false"],
    ["a|contains|contains: x", "the modifier contains is there twice"],
    ["'|fieldref': x", "this modifier needs a field"],
    ["'|endswith': x", "endswith needs a field"],
    [
      "a|re: 'a(?<!b)c'",
      "the regular expression cannot be evaluated: looking behind at character 2, `(?<!b)c`, has no linear-time evaluation; rewrite it",
    ],
    [
      "a|re: '(a)x\\1'",
      "the regular expression cannot be evaluated: a back-reference at character 5, `\\1`, has no linear-time evaluation; rewrite it",
    ],
    ["a|re: 'ab(c'", "the regular expression cannot be evaluated: missing closing ) at character 1, `ab(c`"],
    [
      "a|re: 'x[z-a]'",
      "the regular expression cannot be evaluated: invalid character class range at character 3, `z-a`",
    ],
  ])("refuses %s: %s", (clause, message) => {
    const { documents, errors } = parseSigma(rule(`detection:\n  s:\n    ${clause}\n  condition: s`));
    expect(documents).toEqual([]);
    expect(errors).toMatchObject([{ line: 5, code: "INVALID", message }]);
  });

  it.each([
    ["date: 24.11.2026", "date", "date is a date such as 2026-11-24"],
    ["modified: [2026-11-24]", "modified", "modified must be text"],
    ["author: [ann]", "author", "author must be text"],
    ["taxonomy: {}", "taxonomy", "taxonomy must be text"],
    ["license: []", "license", "license must be text"],
    ["scope: { a: b }", "scope.0", "scope must be a list of texts"],
    ["fields: [[a]]", "fields.0", "fields must be a list of texts"],
    ["falsepositives: [{ a: b }]", "falsepositives.0", "falsepositives must be a list of texts"],
    ["references: [null]", "references.0", "references must be a list of texts"],
    ["status: good", "status", "status must be one of stable, test, experimental, deprecated, unsupported"],
    ["related: x", "related", "related is a list of maps with id and type"],
    ["related: [{ type: similar }]", "related.0", "an item of related is a map with id and type"],
    [
      "related: [{ id: a, type: cousin }]",
      "related.0.type",
      "type must be one of derived, obsolete, obsoletes, merged, renamed, similar",
    ],
  ])("checks the type of what people read: %s", (line, path, message) => {
    const { errors } = parseSigma(rule(`detection: { s: { a: 1 }, condition: s }\n${line}`));
    expect(errors).toMatchObject([{ line: 4, path, code: "INVALID", message }]);
  });

  it("leaves keys alone that the specification does not name", () => {
    const more = "x-team: blue\ndate: 2026-11-24\nmodified: 2026/11/24\nrelated: [{ id: a, type: similar }]";
    expect(parseSigma(rule(`detection: { s: { a: 1 }, condition: s }\n${more}`)).errors).toEqual([]);
  });

  it("reads YAML 1.2, where only true and false are booleans, and dates are texts", () => {
    const { documents } = parseSigma(rule("detection: { s: { a: [yes, on, true, 2026-11-24, 0o17] }, condition: s }"));
    const [document] = documents;
    const tests = document?.kind === "DETECTION" ? document.body.selections.get("s")?.[0]?.[0]?.tests : [];
    expect(tests).toMatchObject([
      { kind: "TEXT", pattern: ["yes"] },
      { kind: "TEXT", pattern: ["on"] },
      { kind: "BOOLEAN", value: true },
      { kind: "TEXT", pattern: ["2026-11-24"] },
      { kind: "NUMBER", value: 15 },
    ]);
  });

  it("does not expand a document that refers to itself a billion times", () => {
    const levels = Array.from({ length: 12 }, (_, n) => `l${n + 1}: &l${n + 1} [${`*l${n}, `.repeat(9)}]`).join("\n");
    const { documents, errors } = parseSigma(rule(`l0: &l0 x\n${levels}\ndetection: { s: { a: *l12 }, condition: s }`));
    expect(documents).toEqual([]);
    expect(errors).toMatchObject([{ code: "INVALID", message: expect.stringContaining("alias") }]);
  });

  it("refuses conditions that name very many selections again and again, all those of a rule together", () => {
    const selections = Array.from({ length: 2_000 }, (_, n) => `  s${n}: w${n}\n`).join("");
    const conditions = (count: number) =>
      parseSigma(rule(`detection:\n${selections}  condition:\n${"  - 1 of them or all of s1*\n".repeat(count)}`));
    expect(conditions(50).errors).toEqual([]);
    const { documents, errors } = conditions(100);
    expect(documents).toEqual([]);
    expect(errors[0]).toMatchObject({
      code: "UNSUPPORTED",
      path: "detection.condition.75",
      message: "too long a condition over 2000 selections; split the rule",
    });
  });

  it("refuses a text that is nested too deep at its line, whatever opens the levels, before anything is made of it", () => {
    for (const level of ["{", "[", "{a: ", "? ", "- {"]) {
      const { documents, errors } = parseSigma(`title: t\nx: ${level.repeat(4_000)}`);
      expect(documents).toEqual([]);
      expect(errors).toMatchObject([{ line: 2, message: "the text is nested more than 100 levels deep" }]);
      expect(readPlaceholderFile(`vars:\n  a: ${level.repeat(4_000)}`)).toBeUndefined();
    }
    const deeper = Array.from({ length: 900 }, (_, depth) => `${" ".repeat(depth)}a:`).join("\n");
    expect(parseSigma(deeper).errors).toMatchObject([{ message: "the text is nested more than 100 levels deep" }]);
  });

  it("says of a key that stands twice in its map where the second one is, of however many", () => {
    const keys = Array.from({ length: 20_000 }, (_, n) => `  k${n}: 1`).join("\n");
    const { errors } = parseSigma(`title: t\ndetection:\n${keys}\n  k7: 2\n`);
    expect(errors).toEqual([
      { document: 0, line: 20_003, path: "", code: "INVALID", message: "Map keys must be unique" },
    ]);
  });

  it("never throws, and always says why there is no rule", () => {
    const texts = [
      "",
      "---\n---\n",
      "[".repeat(20_000),
      "a: &a [*a]",
      "&a [*a]",
      "? {a: b}\n: c",
      "__proto__: { title: x }",
      `title: T\nlogsource: {}\ndetection: { s: { a: 1 }, condition: "${"(".repeat(5_000)}" }`,
      `title: T\nlogsource: {}\ndetection: { s: { a: 1 }, condition: "${"not ".repeat(4_000)}s" }`,
      "title: T\nlogsource: {}\ndetection: &d { s: *d, condition: s }",
      "x".repeat(1_000_001),
    ];
    for (const text of texts) expect(parseSigma(text).errors.length, text.slice(0, 60)).toBeGreaterThan(0);
    const words = [
      "title",
      "detection",
      "correlation",
      "condition",
      "s",
      "a|contains",
      "|all",
      "rules",
      "timespan",
      "type",
    ];
    const tree = fc.letrec((tie) => ({
      node: fc.oneof(
        { depthSize: "small" },
        fc.constantFrom("event_count", "s", "1 of s*", "5m", 3, null, true, ""),
        fc.array(tie("node"), { maxLength: 3 }),
        fc.dictionary(fc.constantFrom(...words), tie("node"), { maxKeys: 5 }),
      ),
    })).node;
    fc.assert(
      fc.property(tree, (value) => {
        const { documents, errors } = parseSigma(JSON.stringify(value));
        expect(documents.length + errors.length).toBeGreaterThan(0);
      }),
      { numRuns: 300 },
    );
    fc.assert(fc.property(fc.string({ unit: "binary", maxLength: 200 }), (text) => void parseSigma(text)));
  });
});
