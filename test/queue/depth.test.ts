import { expect, it } from "vitest";
import { latenessOf } from "../../src/queue/depth.ts";

it("Scheduled jobs are as late as the one that has waited longest, and not while all are to come", () => {
  expect(latenessOf([{ next: 9_000 }, { next: 4_000 }, { next: 12_000 }], 10_000)).toBe(6_000);
  expect(latenessOf([{ next: 12_000 }], 10_000)).toBe(0);
});

it("Where none was ever scheduled, no worker has run", () => {
  expect(latenessOf([], 10_000)).toBeUndefined();
  expect(latenessOf([{}], 10_000)).toBeUndefined();
});
