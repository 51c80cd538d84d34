/** What the sender says of the place, beside what the address says: the sender knows better. */

import type { Place } from "../enrichment.ts";
import type { EventDraft } from "../event.ts";
import { completePlace } from "./place-record.ts";

/** The country as the sender gave it. `XX` (Cloudflare's CF-IPCountry) and `ZZ` (CLDR) say that it is not known. */
export function givenCountry(source: NonNullable<EventDraft["source"]>): string | undefined {
  const country = source.country?.toUpperCase();
  return country === "XX" || country === "ZZ" ? undefined : country;
}

/**
 * The sender's place. What it left out is taken from the address only where the two agree: a position for a country
 * without one if the country is the same, and the city too if it gave one. Undefined: it gave none.
 */
export function givenPlace(source: NonNullable<EventDraft["source"]>, looked: Place | undefined): Place | undefined {
  const { city, lat, lon } = source;
  const country = givenCountry(source);
  if (country === undefined && city === undefined && (lat === undefined || lon === undefined)) return undefined;
  const given: Place = {
    ...(country === undefined ? {} : { country }),
    ...(city === undefined ? {} : { city }),
    ...(lat === undefined || lon === undefined ? {} : { lat, lon }),
  };
  const agrees =
    given.lat === undefined &&
    looked !== undefined &&
    (country === undefined || country === looked.country) &&
    (city === undefined || isSame(city, looked.city));
  return agrees ? { ...looked, ...given } : completePlace(given);
}

const isSame = (one: string, other: string | undefined): boolean => one.toLowerCase() === other?.toLowerCase();
