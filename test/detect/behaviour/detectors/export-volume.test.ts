import { describe, expect, it } from "vitest";
import { exportVolume } from "../../../../src/detect/behaviour/detectors/export-volume.ts";
import { exportsByDay } from "../../../../src/detect/behaviour/facets/exports.ts";
import { type Deed, day, hour, logIn, workingDays } from "../deeds.ts";
import { drive } from "../drive.ts";

/** At 09:00 in Chicago, and later that day. */
const taken = (at: number, count: unknown, deed: Deed = {}) =>
  logIn({ action: "record.export", category: "DATA", attributes: { count }, at: at + 15 * hour, ...deed });
const every = (at: number, times: number, count: number, deed: Deed = {}) =>
  Array.from({ length: times }, (_, n) => taken(at + n * hour, count, deed));
const after = 21 * day;
const settled = (deed: Deed = {}) => {
  const clinic = drive([exportVolume]);
  clinic.feed(workingDays(15, deed));
  return clinic;
};

describe("how many records a user exports", () => {
  it("is found in small parts over a day, once, though each hour has few", () => {
    const found = settled().feed(every(after, 8, 800));
    expect(found.map(({ reason }) => reason)).toEqual(["exported 2,400 records in a day; usually none"]);
  });

  it("is found where it is far above what the user exports otherwise, by whichever name it is told", () => {
    const clinic = drive([exportVolume]);
    for (const [n, deed] of workingDays(15).entries())
      clinic.feed(n % 5 === 0 ? [deed, { ...deed, action: "csv.export", attributes: { rows: "1000" } }] : deed);
    expect(clinic.tell(exportsByDay, logIn())).toBe("exports 1000 records on days with exports, at most 1000");
    expect(clinic.feed(every(after, 2, 1_000))).toEqual([]);
    const found = clinic.feed(taken(after + 3 * hour, 700));
    expect(found.map(({ reason }) => reason)).toEqual(["exported 2,700 records in a day; usually at most 1,000"]);
  });

  it("is found of a new user above five thousand", () => {
    const found = drive([exportVolume]).feed(every(0, 8, 900));
    expect(found.map(({ reason }) => reason)).toEqual([
      "exported 5,400 records in a day, and little is known of this user yet",
    ]);
  });

  it("is not found for what failed, of a program, what is no export or says no number, or over several days", () => {
    const quiet = [
      ...every(after, 8, 800, { outcome: "FAILURE" }),
      ...every(after, 8, 800, { by: "sync", roles: ["service"] }),
      ...every(after, 8, 800, { action: "record.read" }),
      ...[undefined, null, "many", -5, [9_000]].map((count) => taken(after, count)),
      ...[0, 1, 2].map((n) => taken(after + n * day, 1_500)),
    ];
    expect(settled().feed(quiet)).toEqual([]);
  });
});
