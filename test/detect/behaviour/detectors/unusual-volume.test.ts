import { describe, expect, it } from "vitest";
import { unusualVolume } from "../../../../src/detect/behaviour/detectors/unusual-volume.ts";
import { volumes } from "../../../../src/detect/behaviour/facets/volumes.ts";
import type { SecurityEvent } from "../../../../src/ingest/event.ts";
import { ann, at, dateOf, isWorkday } from "../clinic-days.ts";
import { drive } from "../drive.ts";

interface Wish {
  action?: string;
  over?: number;
  from?: number;
  role?: string;
  outcome?: SecurityEvent["outcome"];
}

function doing(
  day: number,
  count: number,
  { action = "invoice.create", over = 480, from = 480, role = "billing", outcome = "SUCCESS" }: Wish = {},
) {
  return Array.from({ length: count }, (_, n) =>
    at(day, from + (n * over) / count, { action, category: "DATA", outcome, actor: { name: ann.name, roles: [role] } }),
  );
}
const days = (from: number, to: number, count: (day: number) => number) => {
  const events: SecurityEvent[] = [];
  for (let day = from; day < to; day++) events.push(...doing(day, count(day)));
  return events;
};
const settled = (count = (day: number) => (isWorkday(day) ? 40 + (day % 7) : 0)) => {
  const clinic = drive([unusualVolume]);
  expect(clinic.feed(days(0, 35, count))).toEqual([]);
  return clinic;
};

describe("an unusual volume of an action", () => {
  it("is found in an hour and in a day, and says what is usual", () => {
    const [inHour] = settled().feed(doing(36, 90, { over: 50 }));
    expect(inHour?.reason).toBe("invoice.create 60 times within an hour; usually at most 6 (median of such days 6)");
    const [inDay] = settled().feed(doing(36, 200, { over: 480 }));
    expect(inDay?.reason).toBe("invoice.create 150 times in a day; usually at most 44 (median of such days 41)");
  });

  it("is found in what a known user never did", () => {
    const [first] = settled().feed(doing(36, 70, { action: "record.delete", over: 30 }));
    expect(first?.reason).toBe("record.delete 60 times within an hour; never before");
  });

  it("is found in new actions that take turns, though the user has ten others", () => {
    const clinic = settled();
    for (let n = 0; n < 12; n++) for (const day of [28, 29, 30]) clinic.feed(doing(day, 2, { action: `usual.${n}` }));
    const deletes = doing(36, 70, { action: "record.delete", over: 30 });
    const exports = doing(36, 70, { action: "record.export", over: 30 });
    const found = clinic.feed(deletes.flatMap((each, n) => [each, exports[n] as SecurityEvent]));
    expect(found[0]?.reason).toBe("record.delete 60 times within an hour; never before");
  });

  it("is not found below the floors, in failures, in what a page does by itself, and for programs", () => {
    const none = [
      doing(36, 59, { over: 50 }),
      doing(36, 400, { outcome: "FAILURE" }),
      doing(36, 400, { action: "token.refresh" }),
      doing(36, 400, { role: "service" }),
    ].map((events) => settled().feed(events));
    expect(none).toEqual([[], [], [], []]);
    const ignored = settled();
    ignored.tune({ ignoredActions: ["Invoice.Create"] });
    expect(ignored.feed(doing(36, 400))).toEqual([]);
    const action = "invoice.of.the.practice.created.by.the.schedule"; // profiles keep less of it
    expect(settled().feed(doing(36, 400, { action }))).not.toEqual([]);
    ignored.tune({ ignoredActions: [action] });
    expect(ignored.feed(doing(36, 400, { action }))).toEqual([]);
  });

  it("compares a Monday with Mondays and a Saturday with Saturdays", () => {
    const weekly = (day: number) => (day % 7 === 0 ? 160 : day % 7 === 5 ? 10 : isWorkday(day) ? 90 : 0);
    const clinic = settled(weekly);
    expect(clinic.feed(days(35, 40, weekly))).toEqual([]);
    const [onSaturday] = clinic.feed(doing(40, 250));
    expect(onSaturday?.reason).toMatch(/median of such days 10\)$/);
    expect(settled(weekly).feed(doing(35, 250))).toEqual([]);
  });

  it("lets the turn of a month be busy, the first time and every time", () => {
    const monthly = (day: number) => (!isWorkday(day) ? 0 : dateOf(day) >= 28 || dateOf(day) <= 3 ? 230 : 60);
    expect(
      drive([unusualVolume]).feed(days(0, 110, (day) => (day < 25 ? monthly(day) : Math.min(monthly(day), 150)))),
    ).toEqual([]);
    const known = drive([unusualVolume]);
    known.feed(days(0, 60, monthly));
    expect(known.feed(days(60, 100, monthly))).toEqual([]);
  });

  it("is not found before 14 days, 7 of them with activity", () => {
    const clinic = drive([unusualVolume]);
    expect(clinic.feed([...days(0, 12, () => 5), ...doing(12, 500)])).toEqual([]);
    const seldom = drive([unusualVolume]);
    expect(seldom.feed([...days(0, 4, () => 5), ...doing(40, 500)])).toEqual([]);
  });

  it("forgets what was long ago: after twenty days of less, the old volume is unusual again", () => {
    const clinic = settled((day) => (isWorkday(day) ? 300 : 0));
    clinic.feed(days(35, 70, (day) => (isWorkday(day) ? 20 : 0)));
    expect(clinic.feed(doing(71, 300))).not.toEqual([]);
  });

  it("tells ten actions of a user apart, and says the most frequent in words", () => {
    const clinic = settled();
    for (let n = 0; n < 30; n++) clinic.feed(doing(36, 3, { action: `thing.${n}` }));
    const [some] = doing(36, 1);
    expect(clinic.tell(volumes, some as SecurityEvent)).toBe("invoice.create 42 times a day");
    expect(clinic.sizes().get("volumes")).toBeLessThan(5_000);
    clinic.feed(doing(37, 3, { action: "another.day" }));
    expect(clinic.tell(volumes, some as SecurityEvent)).toBe("invoice.create 42 times a day");
  });
});
