import { describe, expect, it } from "vitest";
import { parseSigma } from "../../../src/detect/sigma/parse.ts";

const common = `action: global
logsource: { category: application }
level: high
detection: { common: { a: 1 }, condition: common and own }`;
const own = (title: string, value: string) => `title: ${title}\ndetection: { own: { b: ${value} } }`;
const file = (...documents: string[]) => documents.join("\n---\n");

describe("a rule collection", () => {
  it("merges what is global into each rule that follows, which is one plain document afterwards", () => {
    const { documents, errors } = parseSigma(file(common, own("One", "x"), `level: low\n${own("Two", "'0123'")}`));
    expect(errors).toEqual([]);
    expect(documents.map(({ title, severity, logsource }) => ({ title, severity, logsource }))).toEqual([
      { title: "One", severity: "HIGH", logsource: { category: "application" } },
      { title: "Two", severity: "LOW", logsource: { category: "application" } },
    ]);
    for (const document of documents) {
      expect(document.yaml).not.toContain("action");
      const [again, ...others] = parseSigma(document.yaml).documents;
      expect(again).toMatchObject({ title: document.title, severity: document.severity, body: document.body });
      expect(others).toEqual([]);
    }
  });

  it("repeats the rule before with what is said instead, also a repeated one", () => {
    const repeat = (title: string, value: string) => `action: repeat\n${own(title, value)}`;
    const { documents } = parseSigma(file(common, own("One", "x"), repeat("Two", "y"), repeat("Three", "z")));
    const texts = documents.map(({ yaml }) => yaml);
    expect(documents.map(({ title }) => title)).toEqual(["One", "Two", "Three"]);
    expect(texts.map((yaml) => /b: (\w)/.exec(yaml)?.[1])).toEqual(["x", "y", "z"]);
  });

  it("gathers several globals until a reset", () => {
    const plain = (title: string) => `title: ${title}\ndetection: { s: { a: 1 }, condition: s }`;
    const { documents, errors } = parseSigma(
      file("action: global\nlevel: high", "action: global\nlogsource: { product: p }", plain("One"), "action: reset"),
    );
    expect(errors).toEqual([]);
    expect(documents).toMatchObject([{ severity: "HIGH", logsource: { product: "p" } }]);
    const after = parseSigma(
      file("action: global\nlogsource: { product: p }", plain("One"), "action: reset", plain("Two")),
    );
    expect(after.documents.map(({ title }) => title)).toEqual(["One"]);
    expect(after.errors).toMatchObject([{ document: 3, path: "logsource" }]);
  });

  it("leaves a rule byte for byte as it was written where nothing is merged into it", () => {
    const written = "title: T # why\nlogsource: {}\ndetection: { s: { a: 1 }, condition: s }\n";
    expect(parseSigma(`${written}---\naction: repeat\ntitle: U\n`).documents[0]?.yaml).toBe(written);
  });

  it("ends where it has become too long, written in full: a short text can stand for a thousand long rules", () => {
    const values = Array.from({ length: 10_000 }, (_, n) => `v${n}`);
    const long = `title: T\nlogsource: {}\ndetection: { s: { a: [${values}] }, condition: s }`;
    const { documents, errors } = parseSigma(file(long, ...Array.from({ length: 100 }, () => "action: repeat")));
    expect(documents.length).toBeLessThan(15);
    expect(errors).toMatchObject([
      {
        document: documents.length,
        message: "up to this rule the collection in full is longer than 1000000 characters; split it",
      },
    ]);
  });

  it("tells a fault where the faulty part was written", () => {
    const faulty = "action: global\nlogsource: {}\ndetection:\n  s: { a|nonsense: 1 }\n  condition: s";
    const { documents, errors } = parseSigma(file(faulty, "title: T\nlevel: high"));
    expect(documents).toEqual([]);
    expect(errors).toMatchObject([{ document: 0, line: 4, path: "detection.s.a|nonsense" }]);
    expect(parseSigma(file(common, "title: T\nlevel: awful")).errors).toContainEqual(
      expect.objectContaining({ document: 1, line: 7, path: "level" }),
    );
  });

  it.each([
    ["action: repeat\ntitle: T", "there is no rule before this one to repeat"],
    ["action: merge\ntitle: T", "the actions of a rule collection are global, reset and repeat"],
    ["action: global\ntitle: T", "no rule follows that this could be merged into"],
  ])("says of %j: %s", (yaml, message) => {
    const { documents, errors } = parseSigma(yaml);
    expect(documents).toEqual([]);
    expect(errors).toMatchObject([{ document: 0, line: 1, path: "action", message }]);
  });
});
