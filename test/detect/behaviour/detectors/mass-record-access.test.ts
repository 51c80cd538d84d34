import { describe, expect, it } from "vitest";
import { massRecordAccess } from "../../../../src/detect/behaviour/detectors/mass-record-access.ts";
import { recordAccess } from "../../../../src/detect/behaviour/facets/record-access.ts";
import { ann, at, dayOfDate, opens, type Person, workDay, workDays } from "../clinic-days.ts";
import { drive } from "../drive.ts";

const after = 28; // Monday, the fifth week
const settled = (patients = (day: number) => 18 + (day % 5)) => {
  const clinic = drive([massRecordAccess]);
  expect(clinic.feed(workDays(ann, 0, after, patients))).toEqual([]);
  return clinic;
};
const sweep = (who: Person, day: number, patients: number, over: number, from = 600) =>
  workDay(who, day, { patients, over, from, of: "swept" });

describe("mass access to patients' records", () => {
  it("is found within the hour, with what is usual, and names no patient", () => {
    const found = settled().feed(sweep(ann, after + 1, 84, 40));
    expect(found[0]?.reason).toBe("opened 30 patients' records in 18 min; usually at most 3 an hour (median 3)");
    expect(found.at(-1)?.reason).toMatch(/^opened 84 patients' records in \d+ min; /);
    expect(JSON.stringify(found.map(({ reason }) => reason))).not.toContain("swept");
  });

  it("is found over a day, where each hour is bearable", () => {
    const found = settled().feed(sweep(ann, after + 1, 130, 480, 480));
    expect(found[0]?.reason).toMatch(/^opened 80 patients' records in \d\.\d h; usually at most \d+ a day/);
  });

  it("is not found below the floors, for the same patients again, for failures, and for accounts of programs", () => {
    const few = settled().feed(sweep(ann, after + 1, 29, 40));
    const again = settled().feed(Array.from({ length: 300 }, (_, n) => opens(ann, `p-${n % 12}`, after, 600 + n / 10)));
    const failed = settled().feed(workDay(ann, after, { patients: 90, over: 40, wish: { outcome: "FAILURE" } }));
    const program = settled().feed(sweep({ name: "sync", role: "Service-Account" }, after, 390, 60));
    expect([few, again, failed, program]).toEqual([[], [], [], []]);
  });

  it("is found at night and on a weekend as on a workday", () => {
    expect(settled().feed(sweep(ann, after, 60, 50, 120))).not.toEqual([]);
    expect(settled().feed(sweep(ann, after + 5, 60, 50))).not.toEqual([]);
    const acrossMidnight = settled().feed(sweep(ann, after, 60, 50, 24 * 60 - 25));
    expect(acrossMidnight.at(-1)?.reason).toMatch(/^opened 60 patients' records in 60 min/);
  });

  it("is no finding for whoever always works so: a busy weekday, and the turn of a month", () => {
    const mondays = drive([massRecordAccess]);
    expect(mondays.feed(workDays(ann, 0, 56, (day) => (day % 7 === 0 ? 150 : 40)))).toEqual([]);
    const bill: Person = { name: "Bill Gray", role: "billing" };
    const turns = (day: number) => {
      const date = new Date(Date.UTC(2026, 0, 5) + day * 86_400_000).getUTCDate();
      return date >= 28 || date <= 3 ? 170 : 45;
    };
    const billing = drive([massRecordAccess]);
    expect(billing.feed(workDays(bill, 0, 90, turns, { over: 300 }))).toEqual([]);
    expect(billing.feed(sweep(bill, 92, 390, 240)).length).toBeGreaterThan(0);
  });

  it("is measured by the colleagues of the role, where there are five of them", () => {
    const nurses = ["Nora Hill", "Nick Ross", "Nia Webb", "Noel Park", "Nell Shaw"].map((name) => ({
      name,
      role: "nurse",
    }));
    const clinic = settled();
    for (const nurse of nurses) clinic.feed(workDays(nurse, 7, after, () => 70, { over: 60 }));
    expect(clinic.feed(sweep(ann, after + 1, 75, 50)).map(({ event }) => event.actor?.name)).toEqual([]);
    const [first] = clinic.feed(sweep(ann, after + 2, 130, 50));
    expect(first?.reason).toMatch(/^opened 92 patients' .*, most colleagues at most 70$/);
  });

  it("is found only beyond a hundred an hour before the user is known", () => {
    const clinic = drive([massRecordAccess]);
    expect(clinic.feed(sweep(ann, 1, 100, 55))).toEqual([]);
    const [first] = clinic.feed(sweep(ann, 3, 120, 55));
    expect(first?.reason).toBe("opened 101 patients' records in 48 min, and little is known of this user yet");
    expect(drive([massRecordAccess]).feed(workDays(ann, 0, 11, () => 30, { over: 50 }))).toEqual([]);
  });

  it("becomes usual where it goes on, and one bad day makes nothing usual", () => {
    const once = settled();
    expect(once.feed(sweep(ann, after, 90, 50))).not.toEqual([]);
    expect(once.feed(workDays(ann, after + 1, after + 7, () => 20))).toEqual([]);
    expect(once.feed(workDay(ann, after + 7, { patients: 90, over: 50, of: "again" }))).not.toEqual([]);
    const moved = settled();
    const found = moved.feed(workDays(ann, after, after + 56, () => 120, { over: 60 }));
    const last = found.at(-1)?.event.time ?? 0;
    expect(last).toBeLessThan(at(after + 21, 0, {}).time);
    expect(moved.feed(workDays(ann, after + 56, after + 70, () => 125, { over: 60 }))).toEqual([]);
  });

  it("follows what late events were about, and daylight saving changes nothing", () => {
    const clinic = settled();
    const late = sweep(ann, after - 10, 90, 50);
    expect(clinic.feed(late).length).toBeLessThan(late.length);
    const dst = dayOfDate(3, 9);
    expect(drive([massRecordAccess]).feed(workDays(ann, 28, dst + 10, () => 25))).toEqual([]);
  });

  it("is told in a profile in words", () => {
    expect(settled().tell(recordAccess, opens(ann, "x", after, 600))).toBe(
      "opens records of 20 patients a day, at most 3 in an hour",
    );
  });

  it("is found however many days are asked for learning", () => {
    const clinic = drive([massRecordAccess]);
    clinic.tune({ learningActiveDays: massRecordAccess.parameters.learningActiveDays.max });
    clinic.feed(workDays(ann, 0, 70, () => 18));
    expect(clinic.feed(sweep(ann, 71, 60, 40))).not.toEqual([]);
  });
});
