import { describe, expect, it } from "vitest";
import { ingestAnomaly } from "../../../../src/detect/behaviour/detectors/ingest-anomaly.ts";
import { sourceSilent } from "../../../../src/detect/behaviour/detectors/source-silent.ts";
import { type Cadence, cadence } from "../../../../src/detect/behaviour/facets/cadence.ts";
import type { Staffing } from "../../../../src/detect/behaviour/facets/staffing.ts";
import { keyLength } from "../../../../src/detect/behaviour/short-key.ts";
import { silenceOf, silencesOf } from "../../../../src/detect/behaviour/silence.ts";
import type { SecurityEvent } from "../../../../src/ingest/event.ts";
import { at, isWorkday } from "../clinic-days.ts";
import { drive } from "../drive.ts";

const app = { product: "clinic", service: "app" };
const firewall = { product: "firewall", service: "log" };
const staff = Array.from({ length: 12 }, (_, n) => `user${n}`);

/** An hour of a log source: so many events, by so many people. */
function hourOf(logsource: object, day: number, hour: number, count: number, people = staff.length): SecurityEvent[] {
  return Array.from({ length: count }, (_, n) =>
    at(day, hour * 60 + (n * 59) / count, {
      logsource,
      action: "page.open",
      actor: { name: staff[n % people] as string },
    }),
  );
}
const inOffice = (day: number, count = 150, people?: number) =>
  isWorkday(day) ? Array.from({ length: 9 }, (_, n) => hourOf(app, day, 8 + n, count, people)).flat() : [];
const allDay = (day: number, count = 12) =>
  Array.from({ length: 24 }, (_, hour) => hourOf(firewall, day, hour, count)).flat();

const days = (from: number, to: number, of: (day: number) => SecurityEvent[]) =>
  Array.from({ length: to - from }, (_, n) => of(from + n)).flat();
const timeOf = (day: number, hour: number) => at(day, hour * 60, {}).time;
function stateAfter(events: SecurityEvent[]): Cadence {
  const clinic = drive([sourceSilent]);
  clinic.feed(events);
  let state = cadence.empty();
  clinic.change(cadence, events[0] as SecurityEvent, (found) => {
    state = structuredClone(found);
  });
  return state;
}
const office = stateAfter(days(0, 28, (day) => inOffice(day, 40)));
const always = stateAfter(days(0, 28, (day) => allDay(day)));

describe("a log source gone silent", () => {
  it("that keeps office hours is quiet at night and on weekends, and missed by ten on Monday", () => {
    const hours = Array.from({ length: 60 }, (_, n) => silenceOf(office, timeOf(25, 17) + n * 3_600_000, true));
    expect(hours).toEqual(hours.map(() => undefined));
    expect(silenceOf(office, timeOf(28, 9), true)).toBeUndefined();
    expect(silenceOf(office, timeOf(28, 10.1), true)).toMatchObject({
      activeHours: expect.closeTo(2.1, 1),
      expected: 86,
    });
  });

  it("is not missed on a holiday, when all that keep hours are quiet, and is after three working days", () => {
    const other = { ...office };
    const sources = [
      { key: "a", state: office },
      { key: "b", state: other },
      { key: "fw", state: { ...always, last: timeOf(29, 12), hour: always.hour + 36 } },
    ];
    expect(silencesOf(sources, timeOf(28, 16))).toEqual([]);
    expect(silencesOf(sources, timeOf(29, 12.5))).toEqual([]);
    expect(silencesOf([{ key: "a", state: office }], timeOf(31, 10)).map(({ key }) => key)).toEqual(["a"]);
  });

  it("is missed on the same day while another that keeps hours is at work", () => {
    const working = stateAfter([
      ...days(0, 28, (day) => inOffice(day, 40)),
      ...inOffice(28, 40).filter(({ time }) => time < timeOf(28, 11.5)),
    ]);
    const found = silencesOf(
      [
        { key: "a", state: office },
        { key: "b", state: working },
      ],
      timeOf(28, 11.5),
    );
    expect(found.map(({ key }) => key)).toEqual(["a"]);
  });

  it("is not missed while most of the others that are due are quiet too: patients use their portal on a holiday", () => {
    const working = stateAfter([
      ...days(0, 28, (day) => inOffice(day, 40)),
      ...inOffice(28, 40).filter(({ time }) => time < timeOf(28, 11.5)),
    ]);
    const weekend = stateAfter(days(0, 28, (day) => (isWorkday(day) ? [] : hourOf(app, day, 11, 40))));
    const keys = (states: Cadence[]) =>
      silencesOf(
        states.map((state, n) => ({ key: `${n}`, state })),
        timeOf(28, 11.5),
      ).map(({ key }) => key);
    expect(keys([office, { ...office }, { ...office }, working])).toEqual([]);
    expect(keys([office, { ...office }, { ...office }, working, { ...working }])).toEqual([]);
    expect(keys([office, { ...office }, working, { ...working }])).toEqual(["0", "1"]);
    // In the evening, when nothing but the portal is due, those that were quiet all day still count.
    const evenings = stateAfter(days(0, 29, (day) => hourOf(app, day, 20, 40)));
    const late = [office, { ...office }, evenings].map((state, n) => ({ key: `${n}`, state }));
    expect(silencesOf(late, timeOf(28, 20.9))).toEqual([]);
    // On the morning after a holiday nothing is missed before its own hours of that day are.
    const after = stateAfter([
      ...days(0, 28, (day) => inOffice(day, 40)),
      ...inOffice(29, 40).filter(({ time }) => time < timeOf(29, 10.5)),
    ]);
    const morning = [office, after].map((state, n) => ({ key: `${n}`, state }));
    expect(silencesOf(morning, timeOf(29, 9.5))).toEqual([]);
    expect(silencesOf(morning, timeOf(29, 10.4)).map(({ key }) => key)).toEqual(["0"]);
    // Nor while fewer than half of the people have come.
    const three = ["0", "1", "2"].map((key, n) => ({ key, state: n === 0 ? office : working }));
    const hour = Math.floor(timeOf(28, 11.5) / 3_600_000) + working.ahead;
    const people = (count: number): Staffing => ({
      since: 1,
      hour,
      people: "x".repeat(count * keyLength),
      before: count,
      means: new Array<number>(168).fill(10),
    });
    expect(silencesOf(three, timeOf(28, 11.5), people(4))).toEqual([]);
    expect(silencesOf(three, timeOf(28, 11.5), people(6)).map(({ key }) => key)).toEqual(["0"]);
    // Who only stood by on a holiday was never at work, and has not gone silent.
    const stoodBy = stateAfter([
      ...days(0, 28, (day) => inOffice(day, 40)),
      ...[8, 9].flatMap((hour) => hourOf(app, 28, hour, 1)),
    ]);
    const cut = stateAfter([...days(0, 28, (day) => inOffice(day, 40)), ...hourOf(app, 28, 8, 40)]);
    expect(keys([stoodBy, working, { ...working }])).toEqual([]);
    expect(keys([cut, working, { ...working }])).toEqual(["0"]);
    // A source that keeps other hours is not due, and proves nothing.
    expect(keys([office, working, weekend, { ...weekend }])).toEqual(["0"]);
  });

  it("that sends around the clock is missed within two hours, at night too", () => {
    expect(silenceOf(always, timeOf(28, 1))).toBeUndefined();
    expect(silenceOf(always, timeOf(28, 2.5))).toMatchObject({ expected: expect.any(Number) });
  });

  it("is not judged before three weeks, nor when it never sent much, nor while its events usually come late", () => {
    expect(silenceOf(stateAfter(days(0, 18, (day) => inOffice(day, 40))), timeOf(21, 16), true)).toBeUndefined();
    const seldom = stateAfter(days(0, 28, (day) => (day % 3 === 0 ? hourOf(app, day, 9, 2) : [])));
    expect(silenceOf(seldom, timeOf(33, 12), true)).toBeUndefined();
    const late = stateAfter(
      days(0, 28, (day) => inOffice(day, 40)).map((one) => ({ ...one, receivedAt: one.time + 5 * 3_600_000 })),
    );
    expect(silenceOf(late, timeOf(28, 14), true)).toBeUndefined();
    expect(silenceOf(late, timeOf(28, 15.5), true)).toBeDefined();
  });

  it("is missed as soon where one event came a day late, and not between its deliveries where all come together", () => {
    const dayLate = { ...at(28, 0, { logsource: firewall, action: "page.open" }), receivedAt: timeOf(29, 0) };
    const once = stateAfter([...days(0, 28, (day) => allDay(day)), dayLate]);
    expect(silenceOf(once, timeOf(28, 4.5))).toBeDefined();
    for (const hours of [1, 12]) {
      const every = hours * 3_600_000;
      const begin = timeOf(0, 0);
      const after = (time: number, turns: number) => begin + Math.floor((time - begin) / every + turns) * every;
      const delivered = (one: SecurityEvent) => ({ ...one, receivedAt: after(one.time, 1) });
      const state = stateAfter(days(0, 28, (day) => allDay(day)).map(delivered));
      const next = after(state.last, 2);
      expect(silenceOf(state, next), `every ${hours} h`).toBeUndefined();
      expect(silenceOf(state, next + 2.5 * 3_600_000), `every ${hours} h`).toBeDefined();
    }
  });

  it("is found in the event that says so, about the log source, and learns nothing of it", () => {
    const told = at(28, 640, {
      logsource: { product: "vigil", service: "monitor" },
      action: "source.silent",
      target: { type: "logsource", id: "clinic/app" },
      attributes: { silentMs: 7_800_000, expectedEvents: 84 },
    });
    const clinic = drive([sourceSilent]);
    const [found] = clinic.feed(told);
    expect(found).toMatchObject({
      reason: "no event of log source clinic/app for 2.2 h, in which it usually sends 84",
      subjects: [{ kind: "SERVICE", key: "clinic/app" }],
    });
    expect(clinic.feed({ ...told, action: "source.other" })).toEqual([]);
    expect(clinic.tell(cadence, told)).toBeUndefined();
  });

  it("has a cadence in words, of bounded size", () => {
    expect(cadence.tell?.(always)).toBe("sends 288 events a day on average, around the clock");
    expect(cadence.tell?.(office)).toBe("sends 257 events a day on average, in 45 of the 168 hours of a week");
    expect(JSON.stringify(always).length).toBeLessThan(3_000);
  });

  it("begins anew after three weeks of nothing", () => {
    const again = stateAfter([...days(0, 28, (day) => allDay(day)), ...allDay(60)]);
    expect(silenceOf(again, timeOf(62, 12))).toBeUndefined();
  });
});

describe("the rate of a log source", () => {
  const settled = () => {
    const clinic = drive([ingestAnomaly]);
    expect(clinic.feed(days(0, 28, (day) => inOffice(day)))).toEqual([]);
    return clinic;
  };

  it("is found collapsed after two hours, when the next event comes", () => {
    const found = settled().feed([8, 9, 10, 11].flatMap((hour) => hourOf(app, 28, hour, 20)));
    expect(found.map(({ reason, subjects }) => [reason, subjects])).toEqual([
      [
        "20 events in an hour in which 150 are usual, and as few in the hour before",
        [{ kind: "SERVICE", key: "clinic/app" }],
      ],
      [
        "20 events in an hour in which 150 are usual, and as few in the hour before",
        [{ kind: "SERVICE", key: "clinic/app" }],
      ],
    ]);
  });

  it("is found collapsed though its own few events show few people, and though an hour has none", () => {
    const few = [hourOf(app, 28, 8, 150), hourOf(app, 28, 9, 4), hourOf(app, 28, 11, 4), hourOf(app, 28, 12, 4)].flat();
    expect(
      settled()
        .feed(few)
        .map(({ reason }) => reason),
    ).toEqual([
      "0 events in an hour in which 150 are usual, and as few in the hour before",
      "4 events in an hour in which 150 are usual, and as few in the hour before",
    ]);
  });

  it("is no finding on a holiday, when few people are at work, at half the rate, and at night", () => {
    expect(settled().feed(inOffice(28, 12, 1))).toEqual([]);
    expect(settled().feed(inOffice(28, 70))).toEqual([]);
    expect(
      settled().feed([...inOffice(28), ...hourOf(app, 28, 20, 3), ...hourOf(app, 28, 23, 3), ...inOffice(29)]),
    ).toEqual([]);
  });

  it("is found in a burst, once and whenever it has doubled", () => {
    const found = settled().feed(hourOf(app, 28, 10, 5_000));
    expect(found.map(({ reason }) => reason)).toEqual([
      "2000 events within an hour; the busiest hour of a week usually has 150",
      "4000 events within an hour; the busiest hour of a week usually has 150",
    ]);
    expect(settled().feed(hourOf(app, 28, 10, 1_900))).toEqual([]);
  });

  it("is not judged before three weeks", () => {
    const clinic = drive([ingestAnomaly]);
    expect(clinic.feed([...days(0, 14, (day) => inOffice(day)), ...hourOf(app, 14, 9, 9_000)])).toEqual([]);
  });
});
