import { describe, expect, it } from "vitest";
import { countryOf } from "../../../src/detect/behaviour/place-of.ts";
import { countryCentre } from "../../../src/ingest/enrich/country-centres.ts";
import { givenPlace } from "../../../src/ingest/enrich/given-place.ts";
import { cityRadiusKm, placeOfRecord } from "../../../src/ingest/enrich/place-record.ts";
import type { SecurityEvent } from "../../../src/ingest/event.ts";
import { cityRecord } from "./mmdb-file.ts";

const austin = { country: "US", city: "Austin", lat: 30.2672, lon: -97.7431, radiusKm: 20 };

describe("the place in a record of the data", () => {
  it("is read from MaxMind's shape, with its accuracy", () => {
    expect(placeOfRecord(cityRecord("US", "Austin", 30.2672, -97.7431, 20))).toEqual(austin);
  });

  it("is read from the flat shape of the installed package, the city without its district", () => {
    const record = {
      country_code: "DE",
      city: "Berlin (Bezirk Mitte)",
      latitude: 52.52000045776367,
      longitude: 13.405,
    };
    expect(placeOfRecord(record)).toEqual({
      country: "DE",
      city: "Berlin",
      lat: 52.52,
      lon: 13.405,
      radiusKm: cityRadiusKm,
    });
  });

  it("has the radius of the country where no more than the country is known", () => {
    const centre = countryCentre("FR");
    expect(placeOfRecord({ country: { iso_code: "FR" } })).toEqual({ country: "FR", ...centre });
    expect(placeOfRecord({ country: { iso_code: "FR" }, location: { latitude: 46, longitude: 2 } })).toEqual({
      country: "FR",
      lat: 46,
      lon: 2,
      radiusKm: centre?.radiusKm,
    });
    expect(centre?.radiusKm).toBeGreaterThan(300);
    expect(countryCentre("SG")?.radiusKm).toBeLessThan(100);
  });

  it.each([[undefined], [null], [7], ["x"], [{}], [{ city: { names: 5 } }], [{ latitude: 1, longitude: 2, city: "" }]])(
    "is absent or harmless where the record says nothing: %j",
    (record) => expect(() => placeOfRecord(record)).not.toThrow(),
  );

  it("has no position that is none", () => {
    const place = placeOfRecord({ country_code: "XX", city: "Nowhere", latitude: 91, longitude: Number.NaN });
    expect(place).toEqual({ country: "XX", city: "Nowhere" });
  });
});

describe("the place that the sender gives", () => {
  it("wins over what the address says", () => {
    expect(givenPlace({ country: "fr", city: "Lyon", lat: 45.76, lon: 4.84 }, austin)).toEqual({
      country: "FR",
      city: "Lyon",
      lat: 45.76,
      lon: 4.84,
      radiusKm: cityRadiusKm,
    });
  });

  it.each(["XX", "zz"])("is none where a proxy says that it does not know the country: %s", (country) => {
    expect(givenPlace({ country }, austin)).toBeUndefined();
    const event = { source: { country }, attributes: {} } as SecurityEvent;
    expect(countryOf(event)).toBeUndefined();
  });

  it("is completed by the address where both agree", () => {
    expect(givenPlace({ country: "US" }, austin)).toEqual(austin);
    expect(givenPlace({ country: "US", city: "austin" }, austin)).toEqual({ ...austin, city: "austin" });
  });

  it("is not mixed with an address that says another place", () => {
    expect(givenPlace({ country: "FR" }, austin)).toEqual({ country: "FR", ...countryCentre("FR") });
    expect(givenPlace({ country: "US", city: "Boston" }, austin)).toEqual({
      country: "US",
      city: "Boston",
      ...countryCentre("US"),
    });
  });

  it("is absent where it gave none", () => {
    expect(givenPlace({ ip: "8.8.8.8", port: 4 }, austin)).toBeUndefined();
    expect(givenPlace({ lat: 4 }, austin)).toBeUndefined();
  });
});
