import { expect, it } from "vitest";
import { eventKey, pseudonymOf, wordsKey } from "../../src/audit/phi-read.ts";

const indexOf = (patientId: string): Buffer => Buffer.from(`<${patientId.length}>`);
const row = "0198f3a2-7c11-7d0e-8a55-0123456789ab";

it("A patient goes into the audit log under a pseudonym, whatever the id looks like", () => {
  for (const id of [
    "p-1",
    `${eventKey}p-1`,
    `${wordsKey}jane-roe`,
    `${wordsKey}entry:p-1`,
    eventKey,
    `x${eventKey}${row}`,
  ])
    expect(pseudonymOf(id, indexOf)).toBe(`patient-${indexOf(id).toString("hex")}`);
});

it("What names no patient goes there under the key of its row", () => {
  for (const key of [`${eventKey}${row}`, `${wordsKey}entry:${row}`, `${wordsKey}breakGlassReason:${row}`])
    expect(pseudonymOf(key, indexOf)).toBe(key);
});
