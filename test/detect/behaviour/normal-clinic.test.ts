import { describe, expect, it } from "vitest";
import { clinicWeeks, dayOfDate } from "./clinic-days.ts";
import { drive } from "./drive.ts";
import { howMuch } from "./how-much.ts";

describe("a normal clinic", () => {
  it.each([1, 2, 3])(
    "has no finding of how much in ten weeks with holidays, busy Mondays and two ends of month (%i)",
    (seed) => {
      const holidays = [dayOfDate(1, 19), dayOfDate(2, 16)];
      const clinic = drive(howMuch);
      const found = clinic.feed(clinicWeeks(seed, 10, holidays));
      const told = found.map(({ detector, reason, event: { actor, time } }) => [
        detector,
        actor?.name,
        new Date(time).toISOString(),
        reason,
      ]);
      expect(told).toEqual([]);
      if (seed === 1) console.log("largest states, bytes:", Object.fromEntries(clinic.sizes()));
    },
    60_000,
  );
});
