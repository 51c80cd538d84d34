import { describe, expect, it } from "vitest";
import { impossibleTravel } from "../../../../src/detect/behaviour/detectors/impossible-travel.ts";
import { newCountry } from "../../../../src/detect/behaviour/detectors/new-country.ts";
import { newNetwork } from "../../../../src/detect/behaviour/detectors/new-network.ts";
import { countries } from "../../../../src/detect/behaviour/facets/countries.ts";
import { confirm, forget, known } from "../../../../src/detect/behaviour/facets/known.ts";
import {
  abroad,
  dallas,
  day,
  hosting,
  lagos,
  logIn,
  otherHome,
  read,
  relay,
  script,
  toronto,
  workingDays,
} from "../deeds.ts";
import { drive } from "../drive.ts";

const after = 21 * day;
const away = { place: toronto };
const settled = (...users: string[]) => {
  const clinic = drive([newCountry]);
  for (const by of ["ann", ...users]) expect(clinic.feed(workingDays(15, { by }))).toEqual([]);
  return clinic;
};

describe("a new country for a user", () => {
  it("is found with where the user works otherwise", () => {
    const [found] = settled().feed(logIn({ at: after, place: lagos, network: abroad }));
    expect(found?.reason).toBe(
      "log-in from Lagos, NG: the user is known from US only, and no other user works from there",
    );
  });

  it("is weak over a VPN or hosting network, whose country is not the person's, unless a program comes so", () => {
    const weak = [relay, hosting, abroad].map(
      (network) => settled().feed(logIn({ at: after, place: lagos, network }))[0]?.weak,
    );
    expect(weak).toEqual([true, true, false]);
    expect(settled().feed(logIn({ at: after, place: lagos, network: hosting, agent: script }))[0]?.weak).toBe(false);
  });

  it("is told of on its first day, and again after a week, until the user was there on three days", () => {
    const clinic = settled();
    const days = [0, 0.1, 1, 9, 10, 20].map((n) => clinic.feed(read({ at: after + n * day, ...away })).length);
    expect(days).toEqual([1, 1, 0, 1, 0, 0]);
  });

  it("is not found for a failure, another city, or an event without a place", () => {
    const events = [
      logIn({ at: after, ...away, outcome: "FAILURE" }),
      logIn({ at: after, place: { country: "us", city: "Boston" } }),
      logIn({ at: after, enrichment: { version: "test" } }),
    ];
    expect(settled().feed(events)).toEqual([]);
  });

  it("reads the country as the sender gave it where nothing was added", () => {
    const { enrichment: _none, ...bare } = logIn({ at: after });
    expect(settled().feed({ ...bare, source: { country: "ng" } })).toHaveLength(1);
  });

  it("learns for 14 days with activity on five, and takes every country for the user's own", () => {
    const clinic = drive([newCountry]);
    expect(clinic.feed([...workingDays(4), logIn({ at: 20 * day, ...away })])).toEqual([]);
    const young = drive([newCountry]);
    expect(young.feed([...workingDays(8), logIn({ at: 12 * day, ...away })])).toEqual([]);
    expect(young.feed([...workingDays(5, {}, 14 * day), logIn({ at: 30 * day, ...away })])).toEqual([]);
  });

  it("is not found where three others have worked for a week, nor with a device whose id is known", () => {
    const others = ["bob", "cid", "dan"];
    const clinic = settled(...others);
    const stays = (by: string, days: number) =>
      clinic.feed(Array.from({ length: days }, (_, n) => read({ by, at: after + n * day, ...away })));
    for (const by of others) stays(by, 6);
    expect(clinic.feed(read({ at: after + 6 * day, ...away }))).toHaveLength(1);
    for (const by of others) stays(by, 9);
    expect(clinic.feed(read({ at: after + 20 * day, ...away }))).toEqual([]);
    expect(clinic.feed(read({ at: after + 20 * day, place: lagos }))).toHaveLength(1);
    const other = settled();
    other.feed(workingDays(8, { device: "tablet-1" }, 21 * day));
    expect(other.feed(read({ at: 40 * day, ...away, device: "tablet-1" }))).toEqual([]);
    expect(other.feed(read({ at: 40 * day, ...away, device: "tablet-2" }))).toHaveLength(1);
    other.tune({ trustKnownDevices: false });
    expect(other.feed(read({ at: 40 * day, ...away, device: "tablet-1" }))).toHaveLength(1);
  });

  it("knows a device at once that was first used where the user often is, and no other that came only once", () => {
    const away = { place: lagos, network: abroad };
    const clinic = drive([newCountry, newNetwork, impossibleTravel]);
    clinic.feed(workingDays(15, { device: "desk-1" }));
    clinic.feed(read({ at: after, device: "tablet-1" }));
    clinic.feed(read({ at: after + 60, place: dallas, network: otherHome, device: "tablet-2" }));
    const countriesOf = (device: string) =>
      clinic.feed(logIn({ at: after + 2 * day, ...away, device })).filter(({ detector }) => detector === "new_country");
    expect(countriesOf("tablet-1")).toEqual([]);
    expect(countriesOf("tablet-2")).toHaveLength(1);
  });

  it("does not become usual for all because several accounts were taken over in one night", () => {
    const others = ["bob", "cid", "dan"];
    const clinic = settled(...others);
    const intruder = (by: string) => logIn({ by, at: after, place: lagos, network: abroad });
    expect(clinic.feed([...others, "ann"].map(intruder))).toHaveLength(4);
  });

  it("becomes new again after a year", () => {
    const clinic = drive([newCountry]);
    clinic.feed([logIn({ at: 0, ...away }), ...workingDays(250)]);
    expect(clinic.feed(logIn({ at: 360 * day, ...away }))).toHaveLength(1);
  });

  it("is not found where a person confirmed the country, until that is taken back", () => {
    const clinic = settled();
    const seen = logIn({ at: after, ...away });
    clinic.change(known, seen, (state) => confirm(state, seen));
    expect(clinic.feed(logIn({ at: after, ...away }))).toEqual([]);
    expect(clinic.tell(known, seen)).toContain("CA");
    clinic.change(known, seen, (state) => forget(state, seen));
    expect(clinic.feed(logIn({ at: after, ...away }))).toHaveLength(1);
    expect(clinic.tell(known, seen)).toBeUndefined();
  });

  it("tells from where the user works", () => {
    expect(settled().tell(countries, logIn())).toBe("from US");
  });
});
