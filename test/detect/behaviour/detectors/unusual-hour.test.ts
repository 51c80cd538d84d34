import { describe, expect, it } from "vitest";
import { unusualHour } from "../../../../src/detect/behaviour/detectors/unusual-hour.ts";
import { hours } from "../../../../src/detect/behaviour/facets/hours.ts";
import { confirm, known } from "../../../../src/detect/behaviour/facets/known.ts";
import { hourOfWeek } from "../../../../src/detect/behaviour/local-time.ts";
import type { Network } from "../../../../src/ingest/enrichment.ts";
import type { SecurityEvent } from "../../../../src/ingest/event.ts";
import { type Deed, day, hosting, hour, logIn, read, script, workingDays } from "../deeds.ts";
import { drive } from "../drive.ts";

const carrier: Network = { kind: "MOBILE", asn: 64_510, name: "Wave Mobile" };
const after = 28 * day; // a Tuesday, 00:00 UTC, which is Monday 18:00 in Chicago
/** Chicago's Tuesday of that week, in hours after its midnight. */
const tuesday = (clock: number, deed: Deed = {}) => read({ at: after + (clock + 6) * hour, ...deed });
const saturday = (clock: number) => tuesday(4 * 24 + clock);
const settled = () => {
  const clinic = drive([unusualHour]);
  expect(clinic.feed(workingDays(20))).toEqual([]);
  return clinic;
};

describe("an unusual hour", () => {
  it("is found at night, in the organization's time, with the hours that are usual", () => {
    const [found] = settled().feed(tuesday(3));
    expect(found?.reason).toBe(
      "record.read at Tue 03:00–04:00 (America/Chicago); the user is usually 09:00–18:00 Mon–Fri",
    );
  });

  it("is weak, unless a night is to be told of by itself", () => {
    expect(settled().feed(tuesday(3))[0]?.weak).toBe(true);
    const strict = settled();
    strict.tune({ alone: true });
    expect(strict.feed(tuesday(3))[0]?.weak).toBe(false);
  });

  it("is not found near the usual hours, nor on a free day at a time of work", () => {
    for (const usual of [tuesday(6), tuesday(20), saturday(12)]) expect(settled().feed(usual)).toEqual([]);
  });

  it("knows the days of the week: what is late on a working day is too late on a free one", () => {
    expect(settled().feed(tuesday(21))).toEqual([]);
    expect(settled().feed(saturday(21))).toHaveLength(1);
    const open = settled();
    open.tune({ otherDays: 1 });
    expect(open.feed(saturday(21))).toEqual([]);
    const strict = settled();
    strict.tune({ otherDays: 0 });
    expect(strict.feed(saturday(12))).toHaveLength(1);
  });

  it("is not found while somebody goes on working late without a pause", () => {
    const late = [17, 18.5, 20, 21.5, 23, 24.5].map((clock) => tuesday(clock));
    expect(settled().feed(late)).toEqual([]);
    expect(settled().feed([tuesday(17), tuesday(25)])).toHaveLength(1);
  });

  it("is found for everything the intruder does, not only for the first", () => {
    expect(settled().feed([tuesday(2), tuesday(2.1), tuesday(3.5)])).toHaveLength(3);
  });

  it("is not found at an hour that others have too, on the user's own device and network; on others it is", () => {
    const clinic = drive([unusualHour]);
    const evenings = Array.from({ length: 20 }, (_, n) =>
      read({ by: "bob", roles: ["desk"], at: 8 * day + n * day + 5 * hour }),
    );
    const all = [...workingDays(20, { device: "laptop-1" }), ...evenings.filter((_, n) => n % 7 < 4)];
    clinic.feed(all.sort((one, other) => one.time - other.time));
    expect(clinic.feed(tuesday(24.5, { device: "laptop-1" }))).toEqual([]);
    expect(clinic.feed(tuesday(24.5, { device: "laptop-1", network: hosting }))).toHaveLength(1);
    expect(clinic.feed(tuesday(24.6, { device: "stolen" }))).toHaveLength(1);
    expect(clinic.feed(tuesday(28, { device: "laptop-1" }))).toHaveLength(1);
  });

  it("is found on the user's own device and network only when nobody works at that hour on any day", () => {
    const clinic = drive([unusualHour]);
    const mondays = [10, 17, 24].map((n) => read({ by: "bob", roles: ["desk"], at: n * day + 5 * hour }));
    clinic.feed([...workingDays(20, { device: "laptop-1" }), ...mondays].sort((one, other) => one.time - other.time));
    const saturday = (clock: number, deed: Deed) => tuesday(4 * 24 + clock, deed);
    expect(clinic.feed(saturday(23, { device: "laptop-1" }))).toEqual([]);
    expect(clinic.feed(saturday(23.1, { device: "stolen" }))).toHaveLength(1);
    expect(clinic.feed(saturday(23.2, { device: "laptop-1", network: carrier }))).toEqual([]);
    expect(clinic.feed(saturday(28, { device: "laptop-1" }))).toHaveLength(1);
  });

  it("is found whatever program a person's account is used with, and not for the account of a program", () => {
    expect(settled().feed(tuesday(3, { agent: script }))).toHaveLength(1);
    const clinic = settled();
    clinic.feed(workingDays(15, { by: "sync", agent: script }));
    expect(clinic.feed(tuesday(3, { by: "sync", agent: script }))).toEqual([]);
    expect(clinic.feed(tuesday(3, { by: "new-sync", agent: script }))).toEqual([]);
    const own = drive([unusualHour]);
    const scripted = Array.from({ length: 20 }, (_, n) => read({ at: n * day + 9 * hour, agent: script }));
    own.feed([...workingDays(20), ...scripted].sort((one, other) => one.time - other.time));
    expect(own.feed(tuesday(3, { agent: script }))).toEqual([]);
  });

  it("is not found for what happens by itself, for the roles of programs, or for failures", () => {
    const nothing = [
      tuesday(3, { action: "session.refresh", category: "AUTHENTICATION" }),
      tuesday(3, { action: "logout", category: "AUTHENTICATION" }),
      tuesday(3, { category: "WEB" }),
      tuesday(3, { roles: ["service"] }),
      tuesday(3, { outcome: "FAILURE" }),
    ];
    expect(settled().feed(nothing)).toEqual([]);
  });

  it("learns a night shift, and finds nothing before two weeks", () => {
    const clinic = drive([unusualHour]);
    for (let n = 0; n < 28; n++)
      expect(clinic.feed([5, 7, 9, 11].map((at) => read({ at: n * day + at * hour })))).toEqual([]);
    expect(clinic.feed(read({ at: after + 8 * hour }))).toEqual([]);
    expect(clinic.feed(read({ at: after + 20 * hour }))).toHaveLength(1);
    const young = drive([unusualHour]);
    young.feed(workingDays(9));
    expect(young.feed(read({ at: 13 * day + 9 * hour }))).toEqual([]);
  });

  it("judges a newcomer by the role, and a role without history by the organization", () => {
    const clinic = drive([unusualHour]);
    for (const by of ["bob", "cid", "dan"]) clinic.feed(workingDays(20, { by, roles: ["nurse"] }));
    const first = (deed: Deed) => clinic.feed(tuesday(3, deed));
    expect(first({ by: "eve" })[0]?.reason).toContain("others of the user's group are usually 09:00–18:00 Mon–Fri");
    expect(first({ by: "fay", roles: ["physician"] })).toHaveLength(1);
    expect(clinic.feed(tuesday(10, { by: "gus" }))).toEqual([]);
  });

  it("keeps to the clock on the wall when daylight saving begins and ends", () => {
    const clinic = drive([unusualHour]);
    const march = (utc: number, d: number) => read({ at: (104 + d) * day + utc * hour }); // 2027-03-08 and on
    for (let d = -28; d < 6; d++) clinic.feed([15, 17, 19, 21, 23].map((utc) => march(utc, d)));
    const saving = Date.UTC(2027, 2, 14, 8);
    const before = hourOfWeek(saving - 7 * day * 1_000, "America/Chicago");
    expect(hourOfWeek(saving, "America/Chicago") - before).toBe(1);
    // 04:00 on the wall is 09:00 UTC from now on; it was 10:00 UTC, and 5 hours before work in either case.
    expect(clinic.feed(march(10, 1))).toEqual([]);
    expect(clinic.feed(march(8.5, 7))).toHaveLength(1);
    expect(clinic.feed(march(14, 8))).toEqual([]);
  });

  it("makes an hour usual that comes again and again, but not at once", () => {
    const clinic = settled();
    const nights: number[] = [];
    for (let n = 0; n < 30; n++) {
      nights.push(clinic.feed(tuesday(3 + n * 24)).length);
      clinic.feed([9, 11, 13, 15, 17].map((clock) => tuesday(clock + n * 24)));
    }
    expect(nights.slice(0, 2)).toEqual([1, 1]);
    expect(nights.at(-1)).toBe(0);
  });

  it("is quiet about an hour that a person confirmed", () => {
    const clinic = settled();
    const seen: SecurityEvent = tuesday(3);
    clinic.change(known, seen, (state) => confirm(state, seen));
    expect(clinic.feed(tuesday(3 + 7 * 24))).toEqual([]);
    expect(clinic.feed(tuesday(1))).toHaveLength(1);
  });

  it("is not taught by late events twice, and takes an unknown time zone for UTC", () => {
    const clinic = settled();
    expect(clinic.feed([tuesday(12), tuesday(11, { arrives: after + 40 * hour }), logIn({ at: 0 })])).toEqual([]);
    expect(hourOfWeek(Date.UTC(2026, 10, 24, 5), "Mars/Olympus")).toBe(24 + 5);
    expect(hourOfWeek(Date.UTC(2026, 10, 24, 5), "Asia/Kathmandu")).toBe(24 + 10);
  });

  it("tells the hours in words", () => {
    const clinic = settled();
    clinic.feed([0, 7, 14, 21].flatMap((n) => [9, 10, 11, 12].map((clock) => tuesday(4 * 24 + clock + n * 24))));
    expect(clinic.tell(hours, tuesday(3))).toBe("usually 09:00–18:00 Mon–Fri, 09:00–13:00 Sat");
  });
});
