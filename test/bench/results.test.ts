import { expect, it } from "vitest";
import { compared } from "../../bench/compared.ts";
import { partOf } from "../../bench/results.ts";

it("compares medians, and says between which ratios the turns lay", () => {
  const about = { bench: "b", subject: "ours", baseline: "theirs", unit: "events/s" };
  expect(compared(about, [10, 30, 20], [20, 20, 40])).toMatchObject({
    ratio: 1,
    range: [0.5, 1.5],
    subjectValue: 20,
    baselineValue: 20,
    runs: 3,
  });
  expect(compared(about, [10, 30], [20]).range).toEqual([0.5, 1.5]); // measured once, not in turns
});

it("shows the latest figures of a bench with what they mean, where they were measured, and how busy the machine was", () => {
  const figure = compared({ bench: "b", subject: "ours", baseline: "theirs", unit: "events/s" }, [5], [20]);
  const text = partOf("b", "What it costs.", {
    at: "2026-11-28T10:00:00Z",
    machine: "2 × X",
    load: 0.25,
    figures: [figure],
  });
  expect(text).toContain("### b\n\nWhat it costs.\n");
  expect(text).toContain("| ours | 5.00 events/s | theirs | 20.0 events/s | 0.250 (0.25–0.25) | 1 |");
  expect(text).toContain("2026-11-28, load 0.3 before; 2 × X.");
});
