import { describe, expect, it } from "vitest";
import { builtinRules } from "../../../src/detect/builtin.ts";
import { parseSigma } from "../../../src/detect/sigma/parse.ts";
import type { VigilBlock } from "../../../src/detect/sigma/vigil-block.ts";
import { withVigilBlock } from "../../../src/detect/sigma/vigil-text.ts";
import fc from "../../support/property.ts";

const odd = fc.constantFrom("attack.t1110", "it's: odd", "# no comment", "null", "12", "- x", "a\nb", '"', "true");
const block: fc.Arbitrary<VigilBlock> = fc.record(
  {
    mode: fc.constantFrom("ACTIVE" as const, "MONITOR" as const, "DISABLED" as const),
    throttleMs: fc.integer({ min: 1, max: 604_800_000 }),
    severity: fc.constantFrom("INFO" as const, "LOW" as const, "MEDIUM" as const, "HIGH" as const, "CRITICAL" as const),
    tags: fc.array(odd, { maxLength: 3 }),
    references: fc.array(odd, { maxLength: 3 }),
  },
  { requiredKeys: ["mode"] },
);
const texts = [
  ...builtinRules().map(({ document }) => document.yaml),
  "{ title: In braces, logsource: { product: c }, detection: { s: { a: 1 }, condition: s } }\n",
  "  title: Indented\n  logsource: { product: c }\n  detection:\n    s: { a: 9007199254740993 }\n    condition: s\n",
  "# why\ntitle: With comments # here\nlogsource: { product: c }\ndetection: { s: { a: 1 }, condition: s }\n# the end\n",
  ...["|+\n  one\n\n  two\n", "|+\n  one\n\n\n", ">+\n  one\n  two\n\n", ">-\n  one\n\n", "|\n  one"].map(
    (last) =>
      `title: Folded\nlogsource: { product: c }\ndetection: { s: { a: 1 }, condition: s }\ndescription: ${last}`,
  ),
];

describe("the vigil part of a text", () => {
  it.each(texts)(
    "is read as it was written, and what it stands in keeps its meaning, byte for byte in block style (%#)",
    (text) => {
      const { yaml: before, ...same } = parseSigma(text).documents[0] ?? expect.fail("no document");
      fc.assert(
        fc.property(block, (given) => {
          const { documents, errors } = parseSigma(withVigilBlock(text, given));
          expect(errors).toEqual([]);
          const { vigil, yaml, ...rest } = documents[0] ?? expect.fail("no document");
          expect(vigil).toEqual(given);
          expect(rest).toEqual(same);
          if (/^[#t]/.test(text)) expect(yaml.trimEnd()).toBe(before.trimEnd());
        }),
        { numRuns: 3 },
      );
    },
  );
});
