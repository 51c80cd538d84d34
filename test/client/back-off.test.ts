import { expect, it } from "vitest";
import { backOff } from "../../src/client/back-off.ts";

const retry = { first: 500, longest: 15_000, random: () => 0 };

it("waits longer after each failure, and as long as it is told", () => {
  expect([0, 1, 2, 20].map((failures) => backOff(failures, retry))).toEqual([250, 500, 1_000, 7_500]);
  expect(backOff(0, retry, 7)).toBe(7_000);
  expect(backOff(0, { ...retry, random: () => 0.5 }, 7)).toBe(7_875);
});

it("waits as ever where it is told to come back at once, and an hour where it is told a month", () => {
  expect([0, 1, 20].map((failures) => backOff(failures, retry, 0))).toEqual([250, 500, 7_500]);
  expect(backOff(20, retry, 1)).toBe(1_000);
  expect(backOff(0, retry, 2_592_000)).toBe(3_600_000);
});
