import { expect, it } from "vitest";
import { judge } from "./judge.ts";

it("the judge of the crash run counts what was missed, doubled, out of order, or not to be shown", () => {
  const due = ["a", "b", "c", "d"];
  expect(judge(due, due)).toEqual({ missed: 0, doubled: 0, outOfOrder: 0, foreign: 0 });
  expect(judge(due, ["a", "c", "b", "c", "x"])).toEqual({ missed: 1, doubled: 1, outOfOrder: 1, foreign: 1 });
});
