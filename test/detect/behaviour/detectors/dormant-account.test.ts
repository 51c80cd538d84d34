import { describe, expect, it } from "vitest";
import { dormantAccount } from "../../../../src/detect/behaviour/detectors/dormant-account.ts";
import { activity } from "../../../../src/detect/behaviour/facets/activity.ts";
import { day, logIn, read, workingDays } from "../deeds.ts";
import { drive } from "../drive.ts";

describe("a dormant account", () => {
  it("is found when it succeeds after 60 days, once", () => {
    const clinic = drive([dormantAccount]);
    const found = clinic.feed([...workingDays(5), logIn({ at: 80 * day }), read({ at: 80 * day + 60 })]);
    expect(found.map(({ reason }) => reason)).toEqual(["log-in of an account that was not used for 73 days"]);
  });

  it("is found although somebody tried and failed in between", () => {
    const clinic = drive([dormantAccount]);
    const failures = [20, 40, 60].map((n) => logIn({ at: n * day, outcome: "FAILURE" }));
    expect(clinic.feed([logIn(), ...failures, logIn({ at: 61 * day })])).toHaveLength(1);
  });

  it("is not found for a holiday, for an account seen for the first time, or for late events", () => {
    const clinic = drive([dormantAccount]);
    const late = logIn({ at: 0, arrives: 90 * day });
    expect(clinic.feed([logIn(), logIn({ at: 59 * day }), logIn({ by: "new", at: 90 * day }), late])).toEqual([]);
  });

  it("asks for as many days as its rule says", () => {
    const clinic = drive([dormantAccount]);
    clinic.tune({ dormantDays: 30 });
    expect(clinic.feed([logIn(), logIn({ at: 31 * day })])).toHaveLength(1);
  });

  it("tells since when the account is known", () => {
    const clinic = drive([dormantAccount]);
    clinic.feed(workingDays(5));
    expect(clinic.tell(activity, logIn())).toBe("seen since 2026-11-24, on 5 days, last on 2026-11-30");
  });
});
