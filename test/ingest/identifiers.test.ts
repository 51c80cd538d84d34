import { describe, expect, it } from "vitest";
import { formats } from "../../src/ingest/formats/formats.ts";
import { holdsIdentifier, type IdentifierKind, identifierKinds, identifiersIn } from "../../src/ingest/identifiers.ts";
import { identifierTexts } from "../generate/identifiers.ts";
import { generateSshd } from "../generate/sshd.ts";
import fc from "../support/property.ts";

const samples = 4_000; // of each kind

describe("H1 the detector of identifiers", () => {
  it.each(identifierKinds)("finds %s in at least 99 of 100 texts that hold one", (kind: IdentifierKind) => {
    const texts = fc.sample(identifierTexts[kind], { seed: 20_261_124, numRuns: samples });
    expect(new Set(texts).size).toBeGreaterThan(samples / 20);
    const missed = texts.filter((text) => !identifiersIn(text).has(kind));
    expect({ recall: 1 - missed.length / samples, missed: missed.slice(0, 5) }).toEqual({
      recall: expect.toSatisfy((recall: number) => recall >= 0.99),
      missed: expect.anything(),
    });
  });

  it("says so of the text as a whole, and of texts deep in a value", () => {
    const all = identifierKinds.flatMap((kind) => fc.sample(identifierTexts[kind], { seed: 5, numRuns: samples }));
    const missed = all.filter((text) => !holdsIdentifier({ list: [{ deep: text }] }));
    expect(missed.length / all.length).toBeLessThanOrEqual(0.01);
  });

  it("lets the lines of an ordinary server log pass", () => {
    const now = Date.UTC(2026, 10, 24);
    const parse = formats.get("sshd")?.parser({ now, latest: now });
    const lines = [...generateSshd({ seed: 4, lines: 3_000, start: now - 3_600_000 })];
    const messages = lines.flatMap((line, index) => {
      const result = parse?.(line, index + 1);
      return result && "events" in result ? result.events.map(({ message }) => message ?? "") : [];
    });
    expect(messages.length).toBeGreaterThan(1_000);
    expect(messages.filter((message) => identifiersIn(message).size > 0)).toEqual([]);
    const others = [
      "GET /api/v2/orders/81234567 HTTP/1.1 200 5123",
      "connection from 198.51.100.23:51234 closed after 12.5 s",
      "job 3f2504e0-4f89-11d3-9a0c-0305e82c3301 took 1532 ms",
      "2026-11-24T10:15:30.123Z level=info version=10.11.12 build 20261124",
      "listening on [2001:db8::7]:8080, pid 4711",
    ];
    expect(others.filter((text) => identifiersIn(text).size > 0)).toEqual([]);
  });

  it("takes time in proportion to the text, whatever the text", () => {
    const pieces = [
      "1",
      "1-",
      "1.",
      "+1 ",
      "a@",
      "@",
      "a.",
      "dob ",
      "born 1",
      "mrn ",
      "patient id ",
      "ssn 1",
      "tel 1",
      "(",
      "Jan 1",
      "1 of ",
      "%40",
      "-",
      " ",
    ];
    const time = (text: string): number => {
      const began = performance.now();
      identifiersIn(text);
      return performance.now() - began;
    };
    for (const piece of pieces) {
      const text = (length: number) => `${piece.repeat(Math.ceil(length / piece.length))}!`;
      time(text(4_000)); // compiled
      const small = Math.min(...Array.from({ length: 3 }, () => time(text(20_000))));
      const large = Math.min(...Array.from({ length: 3 }, () => time(text(160_000))));
      expect([piece, large < 16 * small + 20]).toEqual([piece, true]); // 8 times as long; squared, it would be 64
      expect([piece, large < 2_000]).toEqual([piece, true]);
    }
  });
});
