import type { ThreatPlacesQuery } from "../generated/graphql.ts";
import type { MapPoint } from "../parts/world-map.tsx";
import { overviewWords as words } from "../words/overview.ts";

type Subject = ThreatPlacesQuery["statistics"]["topSubjects"][number];

const bad = 60; // a threat score from which a place is drawn as bad: that of HIGH

export interface Place extends MapPoint {
  name: string;
  incidents: number;
}

const countries = new Intl.DisplayNames("en", { type: "region" });

function nameOf({ city, country }: NonNullable<Subject["place"]>): string {
  const land = country ? countries.of(country) : undefined;
  return [city, land].filter(Boolean).join(", ") || words.somewhere;
}

/** Addresses put together by where they are, most incidents first, and how many lie nowhere that is known. */
export function placesOf(subjects: readonly Subject[]): { places: Place[]; nowhere: number } {
  const places = new Map<string, Place & { keys: string[] }>();
  let nowhere = 0;
  for (const { key, incidents, threatScore, place } of subjects) {
    if (place?.lat == null || place.lon == null) {
      nowhere++;
      continue;
    }
    const at = `${place.lat.toFixed(1)},${place.lon.toFixed(1)}`;
    const before = places.get(at);
    const sum = (before?.incidents ?? 0) + incidents;
    const keys = [...(before?.keys ?? []), key];
    const name = before?.name ?? nameOf(place);
    places.set(at, {
      key: at,
      lat: place.lat,
      lon: place.lon,
      size: sum,
      incidents: sum,
      isBad: (before?.isBad ?? false) || threatScore >= bad,
      name,
      keys,
      text: words.placeText(name, sum, keys.slice(0, 5).join(", ")),
    });
  }
  const sorted = [...places.values()].sort((a, b) => b.incidents - a.incidents);
  return { places: sorted, nowhere };
}
