/** Where an event came from and over which network: as enriched on arrival, else as its sender said. */
import { givenCountry } from "../../ingest/enrich/given-place.ts";
import type { Network, Place } from "../../ingest/enrichment.ts";
import type { SecurityEvent } from "../../ingest/event.ts";
import { truncate } from "../../ingest/text.ts";
import { ofEvent } from "./of-event.ts";

/** A place with coordinates. */
export interface Spot {
  lat: number;
  lon: number;
  /** The true position lies within this, km. */
  radiusKm: number;
  /** For people, e.g. `Austin, US`. */
  name: string;
  country?: string | undefined;
}

export const placeOf = ofEvent((event): Place | undefined => {
  const { source, enrichment } = event;
  if (enrichment?.place) return enrichment.place;
  if (!source) return undefined;
  const { city, lat, lon } = source;
  const country = givenCountry(source);
  if (country === undefined && lat === undefined) return undefined;
  return {
    ...(country === undefined ? {} : { country }),
    ...(city === undefined ? {} : { city }),
    ...(lat === undefined || lon === undefined ? {} : { lat, lon }),
  };
});

export const countryOf = ofEvent(
  (event): string | undefined => truncate(placeOf(event)?.country?.toUpperCase() ?? "", 2) || undefined,
);

/** Not to be changed: all who ask of an event get one object. */
export const spotOf = ofEvent((event): Readonly<Spot> | undefined => {
  const place = placeOf(event);
  if (place?.lat === undefined || place.lon === undefined) return undefined;
  const { lat, lon, country, radiusKm = 0 } = place;
  if (!Number.isFinite(lat) || !Number.isFinite(lon)) return undefined;
  return { lat, lon, radiusKm, name: placeName(place), ...(country === undefined ? {} : { country }) };
});

const longestName = 40; // characters

export function placeName({ city, country, lat, lon }: Place): string {
  const named = [city, country].filter(Boolean).join(", ");
  return named === "" ? `${lat?.toFixed(1)}°, ${lon?.toFixed(1)}°` : named.slice(0, longestName);
}

export function networkOf(event: SecurityEvent): Network | undefined {
  return event.enrichment?.network;
}

/** What a network is known by; undefined: an address of no network on the Internet, or one of which nothing is known. */
export const networkKey = ofEvent((event): string | undefined => {
  const network = networkOf(event);
  if (network?.asn !== undefined) return `AS${network.asn}`;
  return truncate(network?.name ?? "", longestName) || undefined;
});

export function networkName(event: SecurityEvent): string {
  const network = networkOf(event);
  return [network?.name?.slice(0, longestName), network?.asn === undefined ? "" : `(AS${network.asn})`]
    .filter(Boolean)
    .join(" ");
}

/** Whether the network's place says nothing of where the person is: a relay, or a machine in a data centre. */
export function hidesPlace(event: SecurityEvent): boolean {
  const kind = networkOf(event)?.kind;
  return kind === "HOSTING" || kind === "VPN";
}
