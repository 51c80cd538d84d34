import { describe, expect, it } from "vitest";
import type { CorpusResult } from "./corpus.ts";
import { exitCode, report } from "./run.ts";

const result = (more: Partial<CorpusResult>): CorpusResult => ({
  corpus: "c",
  passed: 2,
  failed: 0,
  unsupported: 0,
  required: true,
  failures: [],
  ...more,
});

describe("the conformance report", () => {
  it("has a line for each corpus, its failures, and a total at the end", () => {
    const results = [
      result({ unsupported: 3 }),
      result({ corpus: "d", failed: 1, failures: ["row: why"], required: false }),
    ];
    expect(report(results)).toEqual([
      "c: 2 passed, 0 failed (3 unsupported)",
      "d: 2 passed, 1 failed [report only]",
      "  row: why",
      "4 passed, 1 failed",
    ]);
  });

  it("fails for a required corpus, and where nothing was found", () => {
    expect(exitCode([result({})])).toBe(0);
    expect(exitCode([result({ failed: 1, required: false })])).toBe(0);
    expect(exitCode([result({}), result({ failed: 1 })])).toBe(1);
    expect(exitCode([])).toBe(1);
  });
});
