import { describe, expect, it } from "vitest";
import { dormantAccount } from "../../../../src/detect/behaviour/detectors/dormant-account.ts";
import { activity } from "../../../../src/detect/behaviour/facets/activity.ts";
import { day, hosting, logIn, read, workingDays } from "../deeds.ts";
import { drive } from "../drive.ts";

describe("a dormant account", () => {
  it("is found when it succeeds after 60 days, once", () => {
    const clinic = drive([dormantAccount]);
    const found = clinic.feed([...workingDays(5), logIn({ at: 80 * day }), read({ at: 80 * day + 60 })]);
    expect(found.map(({ reason }) => reason)).toEqual(["log-in of an account that was not used for 73 days"]);
  });

  it("is found at the first thing that succeeds, be it a token that is refreshed", () => {
    const clinic = drive([dormantAccount]);
    const refresh = read({ at: 80 * day, action: "token.refresh", category: "AUTHENTICATION" });
    const found = clinic.feed([...workingDays(5), refresh, logIn({ at: 80 * day + 60 })]);
    expect(found.map(({ reason }) => reason)).toEqual(["token.refresh of an account that was not used for 73 days"]);
  });

  it("is none while an open application refreshes its session, and is not woken by a session's end", () => {
    const clinic = drive([dormantAccount]);
    const by = { by: "bob" };
    const refreshes = [20, 40, 60].map((n) => logIn({ ...by, at: n * day, action: "session.refresh" }));
    expect(clinic.feed([logIn(by), ...refreshes, logIn({ ...by, at: 80 * day })])).toEqual([]);
    const ends = [30, 70].map((n) => logIn({ at: n * day, action: "session.expired" }));
    expect(clinic.feed([logIn(), ...ends]), "the end").toEqual([]);
    expect(clinic.feed(logIn({ at: 71 * day }))).toHaveLength(1);
  });

  it("is found although somebody tried and failed in between", () => {
    const clinic = drive([dormantAccount]);
    const failures = [20, 40, 60].map((n) => logIn({ at: n * day, outcome: "FAILURE" }));
    expect(clinic.feed([logIn(), ...failures, logIn({ at: 61 * day })])).toHaveLength(1);
    const asked = logIn({ by: "bob", at: 60 * day, action: "password.reset.requested" });
    expect(clinic.feed([logIn({ by: "bob" }), asked]), "anybody can ask").toEqual([]);
    expect(clinic.feed(logIn({ by: "bob", at: 61 * day }))).toHaveLength(1);
  });

  it("is not found for a holiday, for a patient, for an account seen for the first time, or for late events", () => {
    const clinic = drive([dormantAccount]);
    const late = logIn({ at: 0, arrives: 90 * day });
    const patient = [0, 90].map((n) => logIn({ by: "pat", roles: ["Patient"], at: n * day }));
    expect(
      clinic.feed([...patient, logIn(), logIn({ at: 59 * day }), logIn({ by: "new", at: 90 * day }), late]),
    ).toEqual([]);
  });

  it("is not found for the time between the end of an old log and its import, of which nothing is known", () => {
    const clinic = drive([dormantAccount]);
    const imported = workingDays(5, { arrives: 200 * day });
    expect(clinic.feed([...imported, logIn({ at: 201 * day })])).toEqual([]);
    expect(
      clinic.feed([...workingDays(5, { by: "bob", arrives: 200 * day }), logIn({ by: "bob", at: 261 * day })]),
    ).toHaveLength(1);
    expect(clinic.feed(logIn({ at: 262 * day }))).toHaveLength(1);
  });

  it("is found after half as long over a network that the account was never used on", () => {
    const clinic = drive([dormantAccount]);
    const back = logIn({ at: 36 * day, network: hosting });
    expect(clinic.feed([...workingDays(3), logIn({ at: 5 * day }), back]).map(({ reason }) => reason)).toEqual([
      "log-in of an account that was not used for 31 days, over a network that it was never used on",
    ]);
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
