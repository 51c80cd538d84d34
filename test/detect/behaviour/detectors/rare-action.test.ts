import { describe, expect, it } from "vitest";
import { rareAction } from "../../../../src/detect/behaviour/detectors/rare-action.ts";
import { ann, at, isWorkday, type Person } from "../clinic-days.ts";
import { drive } from "../drive.ts";

const nurses: Person[] = ["Nora Hill", "Nick Ross", "Nia Webb", "Noel Park", "Nell Shaw"].map((name) => ({
  name,
  role: "nurse",
}));
const owners: Person[] = ["Olga Reed", "Otto Kern"].map((name) => ({ name, role: "owner" }));
const does = (who: Person, action: string, day: number, minute = 600) =>
  at(day, minute, { action, category: "DATA", actor: { name: who.name, roles: who.role ? [who.role] : [] } });
const settled = (people: readonly Person[] = [ann, ...nurses, ...owners]) => {
  const clinic = drive([rareAction]);
  for (let day = 0; day < 35; day++) {
    if (!isWorkday(day)) continue;
    for (const who of people) clinic.feed(does(who, "note.create", day));
    if (people.includes(owners[0] as Person)) clinic.feed(does(owners[0] as Person, "report.open", day));
    if (day > 20 && people.includes(owners[1] as Person))
      clinic.feed(does(owners[1] as Person, "patients.export", day));
  }
  return clinic;
};
const today = 36;

describe("a rare action", () => {
  it("is found where neither the user nor anybody of the role did it, and few of the organization do", () => {
    const clinic = settled();
    expect(clinic.feed(does(ann, "patients.export", today))[0]?.reason).toBe(
      "patients.export: never before by this user, who was active on 25 days, and by none of the 5 others of the role",
    );
    expect(clinic.feed(does(ann, "patients.export", today, 700))).toEqual([]);
  });

  it("is no new button: what nobody ever did is found only where it takes data away or destroys it", () => {
    expect(settled().feed(does(ann, "dashboard.open", today))).toEqual([]);
    expect(settled().feed(does(ann, "backup.download", today))).toHaveLength(1);
  });

  it("is weak where it only gets the user into the account again", () => {
    const of = (action: string, category: "AUTHENTICATION" | "DATA") => {
      const clinic = settled();
      const deed = (who: Person, day: number) => ({ ...does(who, action, day), category });
      clinic.tune({ organizationPercent: 20 });
      clinic.feed(deed(owners[0] as Person, 30));
      return clinic.feed(deed(ann, today))[0]?.weak;
    };
    expect(of("password.reset.completed", "AUTHENTICATION")).toBe(true);
    expect(of("ledger.close", "DATA")).toBe(false);
    expect(of("tokens.export", "AUTHENTICATION")).toBe(false);
  });

  it("is not what one of few colleagues does, what many of the organization do, and what is ignored", () => {
    const clinic = settled();
    clinic.feed(does(nurses[0] as Person, "labels.print", today - 1));
    expect(clinic.feed(does(ann, "labels.print", today))).toEqual([]);
    const reading = settled();
    for (const who of owners) reading.feed(does(who, "chart.review", today - 1));
    expect(reading.feed(does(ann, "chart.review", today))).toEqual([]);
    reading.tune({ ignoredActions: ["Patients.Export"] });
    expect(reading.feed(does(ann, "patients.export", today))).toEqual([]);
    const long = "reports.of.the.month.downloaded.as.a.spreadsheet"; // profiles keep less of it
    expect(settled().feed(does(ann, long, today))).toHaveLength(1);
    reading.tune({ ignoredActions: [long] });
    expect(reading.feed(does(ann, long, today))).toEqual([]);
  });

  it("compares a small role with the organization, and finds nothing where there is nobody to compare with", () => {
    const [first] = settled().feed(does(owners[0] as Person, "records.purge", today));
    expect(first?.reason).toMatch(/by none of the 7 others of the organization$/);
    const few = settled([ann, nurses[0] as Person]);
    expect(few.feed(does(ann, "records.purge", today))).toEqual([]);
  });

  it("is not judged within 28 days, nor for patients in the portal and programs", () => {
    const clinic = settled();
    const newcomer = { name: "Nina Bell", role: "nurse" };
    for (let day = 28; day < 50; day++) clinic.feed(does(newcomer, "note.create", day));
    expect(clinic.feed(does(newcomer, "records.purge", 50))).toEqual([]);
    for (const role of ["patient", "service"]) {
      const who = { name: "Someone Else", role };
      for (let day = 0; day < 40; day++) clinic.feed(does(who, "file.upload", day));
      expect(clinic.feed(does(who, "records.purge", 41))).toEqual([]);
    }
  });

  it("is rare again when those who did it have long gone", () => {
    const clinic = settled();
    clinic.feed(does(nurses[0] as Person, "labels.print", 36));
    for (let day = 37; day < 260; day++) for (const who of [ann, ...nurses]) clinic.feed(does(who, "note.create", day));
    expect(clinic.feed(does(ann, "labels.print", 260))).toHaveLength(1);
  });

  it("is not what all the others of a large organization do, though none of the user's role", () => {
    const desk = Array.from({ length: 60 }, (_, n) => ({ name: `Desk ${n} Lane`, role: "desk" }));
    const clinic = settled([ann, ...nurses, ...desk]);
    for (const who of desk) clinic.feed(does(who, "appointment.move", today - 1));
    expect(clinic.feed(does(ann, "appointment.move", today))).toEqual([]);
    // Of 65 others these are fewer than a tenth.
    for (const who of desk.slice(0, 6)) clinic.feed(does(who, "ledger.close", today - 1));
    expect(clinic.feed(does(ann, "ledger.close", today))).toHaveLength(1);
    // Whatever share of a role is asked for, as many as are told apart are enough.
    clinic.tune({ peerPercent: 90 });
    for (const who of desk) clinic.feed(does(who, "labels.print", today - 1));
    const newcomer = { name: "Dora Lane", role: "desk" };
    for (let day = 0; day < today; day++) clinic.feed(does(newcomer, "note.create", day));
    expect(clinic.feed(does(newcomer, "labels.print", today))).toEqual([]);
  });

  it("is not what the others do now, where an application has other names for everything than half a year ago", () => {
    const clinic = settled();
    const all = (day: number, actions: readonly string[]) => {
      for (const who of nurses) for (const action of actions) clinic.feed(does(who, action, day));
    };
    all(
      today,
      Array.from({ length: 99 }, (_, n) => `v1.${n}`),
    );
    const later = today + 200;
    for (let day = later - 30; day <= later; day++) clinic.feed(does(ann, "note.create", day));
    for (let day = later - 10; day < later; day++)
      all(day, ["v2.open", "v2.print", "v2.export", ...Array.from({ length: 20 }, (_, n) => `v2.${n}`)]);
    expect(clinic.feed(does(ann, "v2.export", later))).toEqual([]);
  });
});
