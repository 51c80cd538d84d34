/** Texts with the values of other fields of the same event in them: `C:\Users\%User%\Temp`. */
import type { SecurityEvent } from "../../ingest/event.ts";
import type { Clause, Test } from "./document.ts";
import { compilePattern, type Piece } from "./pattern.ts";
import type { Read } from "./read-sent.ts";

type Filled = Extract<Test, { kind: "FILLED" }>;

const mostTexts = 100; // that the fields of one event make of one value

/** What stands for a field while the text around it is parsed. YAML has no such character. */
export function standIn(index: number): string {
  return `\0${index}\0`;
}

/** The clause's tests with fields where stand-ins are; undefined if its modifiers change the text that holds them. */
export function withFields({ tests }: Clause, fields: readonly string[]): Filled[] | undefined {
  const filled: Filled[] = [];
  for (const test of tests) {
    if (test.kind !== "TEXT") return undefined;
    const pieces = test.pattern.flatMap((piece) => (typeof piece === "string" ? split(piece, fields) : [piece]));
    if (pieces.filter((piece) => typeof piece === "object" && "field" in piece).length !== fields.length)
      return undefined;
    filled.push({ kind: "FILLED", pieces, cased: test.cased });
  }
  return filled;
}

function split(text: string, fields: readonly string[]): Filled["pieces"] {
  return text
    .split("\0")
    .map((part, n) => (n % 2 === 0 ? part : { field: fields[Number(part)] ?? "" }))
    .filter((part) => part !== "");
}

/** An absent or empty field matches nothing; of a list, any element may stand there. */
export function compileFilled(
  { pieces, cased }: Filled,
  other: (field: string) => Read,
): (text: string, event: SecurityEvent) => boolean {
  const parts = pieces.map((piece) => (typeof piece === "object" && "field" in piece ? other(piece.field) : piece));
  return (text, event) => {
    let patterns: Piece[][] = [[]];
    for (const part of parts) {
      const fits = typeof part === "function" ? textsOf(part(event)) : [part];
      if (fits.length * patterns.length > mostTexts) return false;
      patterns = patterns.flatMap((pattern) => fits.map((one) => [...pattern, one]));
    }
    return patterns.some((pattern) => compilePattern(pattern, cased)(text));
  };
}

function textsOf(value: unknown): string[] {
  const values: unknown[] = Array.isArray(value) ? value : [value];
  return values.flatMap((one) =>
    one === null || one === undefined || one === "" || typeof one === "object" ? [] : [String(one)],
  );
}
