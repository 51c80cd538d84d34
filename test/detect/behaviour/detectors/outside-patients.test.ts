import { describe, expect, it } from "vitest";
import { outsidePatients } from "../../../../src/detect/behaviour/detectors/outside-patients.ts";
import { ann, at, dayOfDate, isWorkday, monday, opens, visit } from "../clinic-days.ts";
import { drive } from "../drive.ts";

/** Ann sees twelve patients with visits a day, and one or two others. */
function settled(days = 42) {
  const clinic = drive([outsidePatients]);
  for (let day = 0; day < days; day++) {
    if (!isWorkday(day)) continue;
    for (let n = 0; n < 12; n++)
      clinic.feed([visit(`v-${day}-${n}`, day), opens(ann, `v-${day}-${n}`, day, 500 + n * 30)]);
    for (let n = 0; n <= day % 2; n++) expect(clinic.feed(opens(ann, `o-${day}-${n}`, day, 700))).toEqual([]);
  }
  return clinic;
}
const today = 43;
const strangers = (count: number, day = today) =>
  Array.from({ length: count }, (_, n) => opens(ann, `s-${day}-${n}`, day, 560 + n * 5));

describe("records outside the user's patients", () => {
  it("are found when a day has unusually many, and the reason says how many are usual", () => {
    const found = settled().feed(strangers(14));
    expect(found).toHaveLength(5);
    expect(found[0]?.reason).toBe(
      "opened the records of 10 patients today who are not the user's: without an earlier access, a visit or a colleague's access; usually at most 2 a day (median 2)",
    );
  });

  it("are not found one by one, nor for the same ones again", () => {
    const clinic = settled();
    expect(clinic.feed(strangers(9))).toEqual([]);
    expect(clinic.feed(strangers(9))).toEqual([]);
  });

  it("are not the patients of earlier days, of colleagues, of visits past or coming, and new ones", () => {
    const earlier = Array.from({ length: 12 }, (_, n) => opens(ann, `v-39-${n}`, today, 600 + n));
    const nick = { name: "Nick Ross", role: "nurse" };
    const colleagues = strangers(14).map((event) => opens(nick, event.target?.patientId ?? "", today - 10, 600));
    const coming = strangers(14).map((event) => {
      const patientId = event.target?.patientId ?? "";
      const start = new Date(event.time + 2 * 86_400_000).toISOString();
      return { ...visit(patientId, today - 40), attributes: { "appointment.start": start } };
    });
    const made = Array.from({ length: 14 }, (_, n) =>
      at(today, 600 + n, {
        action: "patient.create",
        category: "DATA",
        actor: { name: ann.name },
        target: { patientId: `n-${n}` },
      }),
    );
    expect(settled().feed(earlier)).toEqual([]);
    expect(settled().feed([...colleagues, ...strangers(14)])).toEqual([]);
    expect(settled().feed([...coming, ...strangers(14)])).toEqual([]);
    expect(settled().feed(made)).toEqual([]);
    const cancelled = strangers(14).map((event) => ({
      ...visit(event.target?.patientId ?? "", today - 1),
      action: "appointment.view",
      actor: { name: "sync", roles: ["service"] },
    }));
    expect(settled().feed([...cancelled, ...strangers(14)])).not.toEqual([]);
  });

  it("are nobody's strangers on the days of a long series of appointments, booked at once", () => {
    const series = strangers(14).flatMap((event) => {
      const patientId = event.target?.patientId ?? "";
      const booked = (days: number) => ({
        ...visit(patientId, today - 20),
        attributes: { "appointment.start": new Date(event.time + days * 86_400_000).toISOString() },
      });
      return [0, 30, 60, 90, 120, 150].map(booked);
    });
    expect(settled().feed([...series, ...strangers(14)])).toEqual([]);
    const followed = strangers(14).flatMap((event) => {
      const patientId = event.target?.patientId ?? "";
      const come = [19, 17, 15, 13, 11].map((ago) => visit(patientId, today - ago));
      return [visit(patientId, today - 20), ...come].map((one, n) => ({
        ...one,
        attributes: { "appointment.start": new Date(monday + (today + 40 + 30 * n) * 86_400_000).toISOString() },
      }));
    });
    expect(settled().feed([...followed, ...strangers(14)])).toEqual([]);
  });

  it.each([
    ["a date", "2026-02-17"],
    ["a date as Americans write it", "02/17/2026"],
    ["a time without a zone", "2026-02-17T23:30:00"],
    ["the last minute of the day in the clinic", "2026-02-18T05:59:00Z"],
    ["the same with an offset", "2026-02-17 23:59:00-06:00"],
  ])("have their visit on the day that is written: %s", (_, start) => {
    const coming = strangers(14, today).map((event) => ({
      ...visit(event.target?.patientId ?? "", today - 40),
      attributes: { appointment: { start } },
    }));
    const day = dayOfDate(2, 17);
    const seen = (at: number) => {
      const clinic = settled();
      const later = strangers(14, today).map((event) => ({ ...event, time: event.time + (at - today) * 86_400_000 }));
      return clinic.feed([...coming, ...later]).length;
    };
    expect(seen(day - 4)).toBeGreaterThan(0);
    expect([seen(day - 3), seen(day + 14)]).toEqual([0, 0]);
    expect(seen(day + 15)).toBeGreaterThan(0);
  });

  it("are strangers again: patients of half a year ago, and visits of a month ago", () => {
    const clinic = settled();
    const long = today + 190;
    for (let day = 150; day < long; day++) if (isWorkday(day)) clinic.feed(opens(ann, `w-${day}`, day, 600));
    const old = Array.from({ length: 12 }, (_, n) => opens(ann, `v-20-${n}`, long, 600 + n));
    expect(clinic.feed(old)).not.toEqual([]);
  });

  it("are not judged before 14 days, 7 of them with records opened, nor for patients in the portal", () => {
    expect(drive([outsidePatients]).feed([...strangers(1, 0), ...strangers(30, 10)])).toEqual([]);
    expect(drive([outsidePatients]).feed([...strangers(2, 0), ...strangers(30, 40)])).toEqual([]);
    const clinic = settled();
    const portal = strangers(20).map((event) => ({ ...event, actor: { name: ann.name, roles: ["patient"] } }));
    expect(clinic.feed(portal)).toEqual([]);
  });

  it("may be twice as many at the first turn of a month, and on a holiday nobody is worked with", () => {
    const clinic = settled(20);
    const turn = dayOfDate(1, 29);
    expect(clinic.feed(strangers(18, turn))).toEqual([]);
    expect(clinic.feed(strangers(24, turn + 1)).length).toBeGreaterThan(0);
  });

  it("are found however many days are asked for learning", () => {
    const clinic = settled();
    clinic.tune({ learningActiveDays: outsidePatients.parameters.learningActiveDays.max });
    expect(clinic.feed(strangers(14))).toHaveLength(5);
  });
});
