/**
 * The record of an MMDB file -> a place. Files come in two shapes: MaxMind's and DB-IP's own (nested, names by language,
 * `location.accuracy_radius`), and the flat one of the packages on npm (`country_code`, `latitude`; no radius).
 */
import type { Place } from "../enrichment.ts";
import { countryCentre, unknownCountryRadiusKm } from "./country-centres.ts";

/** How far a city's position is off where the data does not say: the usual size of a city with its surroundings, km. */
export const cityRadiusKm = 50;

type Bag = Record<string, unknown>;

/** Undefined: the record names no place. */
export function placeOfRecord(record: unknown): Place | undefined {
  const bag = bagOf(record);
  const location = bagOf(bag.location);
  const code = textOf(bag.country_code) ?? codeOf(bag.country) ?? codeOf(bag.registered_country);
  const city = (textOf(bag.city) ?? nameOf(bagOf(bag.city)))?.replace(/ \(.*\)$/, ""); // "Berlin (Bezirk Mitte)"
  const lat = degreesOf(location.latitude ?? bag.latitude, 90);
  const lon = degreesOf(location.longitude ?? bag.longitude, 180);
  const radius = location.accuracy_radius;
  return completePlace({
    ...(code === undefined ? {} : { country: code }),
    ...(city === undefined ? {} : { city }),
    ...(lat === undefined || lon === undefined ? {} : { lat, lon }),
    ...(typeof radius === "number" && radius > 0 ? { radiusKm: radius } : {}),
  });
}

/** With what follows from what is known: a position has a radius, and a country stands for a position. */
export function completePlace({ country, city, lat, lon, radiusKm }: Place): Place | undefined {
  const centre = country === undefined ? undefined : countryCentre(country);
  const named = { ...(country === undefined ? {} : { country }), ...(city === undefined ? {} : { city }) };
  if (lat === undefined || lon === undefined)
    return country === undefined && city === undefined ? undefined : { ...named, ...centre };
  // A position in a country without a city is the country's middle, as a rule.
  const onlyCountry = country !== undefined && city === undefined;
  const assumed = onlyCountry ? (centre?.radiusKm ?? unknownCountryRadiusKm) : cityRadiusKm;
  return { ...named, lat, lon, radiusKm: radiusKm ?? assumed };
}

const bagOf = (value: unknown): Bag => (typeof value === "object" && value !== null ? (value as Bag) : {});

function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

function codeOf(value: unknown): string | undefined {
  return (
    textOf(bagOf(value).iso_code)?.toUpperCase() ??
    (typeof value === "string" && value.length === 2 ? value : undefined)
  );
}

function nameOf({ names }: Bag): string | undefined {
  const all = bagOf(names);
  return textOf(all.en) ?? textOf(Object.values(all)[0]);
}

/** To four decimals: 11 m. */
function degreesOf(value: unknown, most: number): number | undefined {
  if (typeof value !== "number" || !(Math.abs(value) <= most)) return undefined;
  return Math.round(value * 10_000) / 10_000;
}
