import { describe, expect, it } from "vitest";
import { impossibleTravel } from "../../../../src/detect/behaviour/detectors/impossible-travel.ts";
import { confirm, forget, known } from "../../../../src/detect/behaviour/facets/known.ts";
import { travel } from "../../../../src/detect/behaviour/facets/travel.ts";
import {
  abroad,
  carrier,
  dallas,
  day,
  denver,
  hosting,
  hour,
  lagos,
  logIn,
  otherHome,
  read,
  relay,
  toronto,
  workingDays,
} from "../deeds.ts";
import { drive } from "../drive.ts";

const after = 21 * day;
const settled = () => {
  const clinic = drive([impossibleTravel]);
  expect(clinic.feed(workingDays(15))).toEqual([]);
  return clinic;
};
const atWork = (at: number) => read({ at });

describe("impossible travel", () => {
  it("is found with both places, the distance, the time between and the speed", () => {
    const clinic = settled();
    const [found] = clinic.feed([atWork(after), logIn({ at: after + 2 * hour, place: lagos, network: abroad })]);
    expect(found?.reason).toBe(
      "log-in from Lagos, NG, at least 10,634 km from Austin, US, where the user was 2 h before: nobody travels at 5,317 km/h",
    );
  });

  it("is found again while the intruder goes on, and never by what the user does at home meanwhile", () => {
    const clinic = settled();
    const found = clinic.feed([
      atWork(after),
      logIn({ at: after + hour, place: lagos, network: abroad }),
      atWork(after + 1.2 * hour),
      read({ at: after + 1.5 * hour, place: lagos, network: abroad }),
      atWork(after + 2 * hour),
    ]);
    expect(found.map(({ event }) => event.enrichment?.place?.city)).toEqual(["Lagos", "Lagos"]);
  });

  it("is not found for a flight, a drive, a neighbouring town, or what both places are too uncertain for", () => {
    const clinic = settled();
    const flight = [atWork(after), read({ at: after + 14 * hour, place: lagos, network: abroad })];
    const drove = [read({ by: "bob", at: after }), read({ by: "bob", at: after + 3 * hour, place: dallas })];
    const unsure = { ...dallas, radiusKm: 250 };
    const vague = [atWork(after + 20 * day), read({ at: after + 20 * day + 60, place: unsure })];
    clinic.feed(workingDays(15, { by: "bob" }));
    expect(clinic.feed([...flight, ...drove, ...vague])).toEqual([]);
  });

  it("is not found at the usual place, when the user's own device has come out elsewhere in the country just before", () => {
    const back = (device: string) => {
      const clinic = drive([impossibleTravel]);
      expect(clinic.feed(workingDays(15, { device: "d1" }))).toEqual([]);
      return clinic.feed([
        read({ at: after, place: denver, network: otherHome, device }),
        logIn({ at: after + 0.4 * hour, device: "desk-7" }),
      ]);
    };
    expect(back("d1")).toEqual([]);
    expect(back("d9")).toHaveLength(1);
  });

  it("neither fires on hosting and relay networks nor measures from them", () => {
    const clinic = settled();
    const elsewhere = { place: lagos };
    expect(
      clinic.feed([
        atWork(after),
        logIn({ at: after + 60, ...elsewhere, network: relay }),
        logIn({ at: after + 120, ...elsewhere, network: hosting }),
        atWork(after + 180),
      ]),
    ).toEqual([]);
  });

  it("takes a mobile network within the country for being anywhere in it, and the user's own carrier abroad for roaming", () => {
    const clinic = settled();
    const out = { place: denver, network: carrier };
    expect(clinic.feed([atWork(after), read({ at: after + 60, ...out }), atWork(after + 120)])).toEqual([]);
    const weeks = [1, 2, 3, 4].map((n) => read({ at: after + n * day, ...out }));
    const travelling = { place: toronto, network: abroad };
    const roaming = [read({ at: after + 6 * day, ...travelling }), read({ at: after + 6 * day + 60, ...out })];
    expect(clinic.feed([...weeks, ...roaming])).toEqual([]);
    const stranger = { place: lagos, network: { ...carrier, asn: 64_999, name: "Lagoon Mobile" } };
    expect(clinic.feed([atWork(after + 8 * day), read({ at: after + 8 * day + 60, ...stranger })])).toHaveLength(1);
  });

  it("takes the user's own device, by its id, for being where it was: only its way out is another", () => {
    const clinic = drive([impossibleTravel]);
    clinic.feed(workingDays(15, { device: "laptop-1" }));
    const failover = { place: denver, device: "laptop-1", network: otherHome };
    expect(clinic.feed([atWork(after), read({ at: after + 60, ...failover })])).toEqual([]);
    expect(clinic.feed(read({ at: after + 90, ...failover, device: "laptop-2" }))).toHaveLength(1);
    const abroadWithIt = { ...failover, place: lagos, network: abroad };
    expect(clinic.feed(read({ at: after + 120, ...abroadWithIt }))).toHaveLength(1);
    clinic.tune({ trustKnownDevices: false });
    expect(clinic.feed(read({ at: after + 150, ...failover }))).toHaveLength(1);
  });

  it("only counts what succeeded", () => {
    const clinic = settled();
    expect(clinic.feed([atWork(after), logIn({ at: after + 60, place: lagos, outcome: "FAILURE" })])).toEqual([]);
  });

  it("learns for ten log-ins or 14 days, and finds nothing until then", () => {
    const far = { place: lagos, network: abroad };
    const young = drive([impossibleTravel]);
    young.feed(workingDays(9));
    expect(young.feed([atWork(13 * day), read({ at: 13 * day + 60, ...far })])).toEqual([]);
    const byLogIns = drive([impossibleTravel]);
    byLogIns.feed(workingDays(10));
    expect(byLogIns.feed([atWork(13 * day), read({ at: 13 * day + 60, ...far })])).toHaveLength(1);
    const byDays = drive([impossibleTravel]);
    byDays.feed([logIn({ at: 0 }), atWork(15 * day)]);
    expect(byDays.feed(read({ at: 15 * day + 60, ...far }))).toHaveLength(1);
  });

  it("is weak for a short leap within the country while the user is known for less than 14 days", () => {
    const weak = (on: number, deed: object) => {
      const clinic = drive([impossibleTravel]);
      clinic.feed(workingDays(6));
      for (let n = 0; n < 6; n++) clinic.feed(logIn({ at: 8 * day + n * hour }));
      return clinic.feed([atWork(on * day), logIn({ at: on * day + 60, network: otherHome, ...deed })])[0]?.weak;
    };
    expect([weak(10, { place: dallas }), weak(16, { place: dallas })]).toEqual([true, false]);
    expect([weak(10, { place: denver }), weak(10, { place: lagos, network: abroad })]).toEqual([false, false]);
  });

  it("learns while it learns between which places the user goes in turn, and is quiet about these", () => {
    const clinic = drive([impossibleTravel]);
    // A company's exit in another city, which no data knows as one: every day both.
    for (let n = 0; n < 8; n++) clinic.feed([logIn({ at: n * day }), logIn({ at: n * day + hour, place: denver })]);
    expect(clinic.feed([atWork(after), read({ at: after + 60, place: denver }), atWork(after + 120)])).toEqual([]);
    expect(clinic.feed(read({ at: after + 180, place: lagos, network: abroad }))).toHaveLength(1);
  });

  it("does not take a place for usual because it was found there, not for two weeks", () => {
    const clinic = settled();
    const found = [];
    for (let n = 0; n < 20; n++) {
      const at = after + n * day;
      found.push(clinic.feed([atWork(at), read({ at: at + 60, place: lagos, network: abroad })]).length);
    }
    expect(found.indexOf(0)).toBeGreaterThan(9);
    expect(found.indexOf(0)).toBeLessThan(15);
  });

  it("forgets where a user went in turn", () => {
    const clinic = drive([impossibleTravel]);
    for (let n = 0; n < 5; n++)
      clinic.feed([logIn({ at: n * day }), logIn({ at: n * day + 10 * hour, place: denver })]);
    const both = (at: number) => clinic.feed([atWork(at), read({ at: at + 60, place: denver })]);
    expect(both(after)).toEqual([]);
    expect(both(after + 365 * day)).toHaveLength(1);
  });

  it("judges a late event by its own time, between what came before and after it", () => {
    const clinic = settled();
    const late = read({ at: after + 5 * hour, arrives: after + 9 * hour, place: lagos, network: abroad });
    const [found] = clinic.feed([atWork(after + 6 * hour), late]);
    expect(found?.reason).toContain("where the user was 60 min after");
    const fine = drive([impossibleTravel]);
    fine.feed(workingDays(15));
    const between = read({ at: after + 12 * hour, arrives: after + 40 * hour, place: lagos, network: abroad });
    const long = [atWork(after - 2 * hour), atWork(after + 26 * hour)];
    expect(fine.feed([...long, between])).toEqual([]);
  });

  it("says so when two places are used at the same time", () => {
    const clinic = settled();
    const [found] = clinic.feed([atWork(after), read({ at: after, place: lagos, network: abroad })]);
    expect(found?.reason).toMatch(/where the user was at the same time: nobody is in two places$/);
  });

  it("looks back no further than asked", () => {
    const clinic = settled();
    clinic.tune({ lookBackHours: 1 });
    expect(clinic.feed([atWork(after), read({ at: after + 2 * hour, place: lagos, network: abroad })])).toEqual([]);
  });

  it("is quiet about a place that a person confirmed, until that is taken back", () => {
    const clinic = settled();
    const seen = logIn({ at: after, place: lagos, network: abroad });
    clinic.change(known, seen, (state) => confirm(state, seen));
    const again = (at: number) => clinic.feed([atWork(at), read({ at: at + 60, place: lagos, network: abroad })]);
    expect(again(after)).toEqual([]);
    clinic.change(known, seen, (state) => forget(state, seen));
    expect(again(after + 2 * day)).toHaveLength(1);
  });

  it("tells from where the user works", () => {
    expect(settled().tell(travel, atWork(after))).toBe("from Austin, US");
  });
});
