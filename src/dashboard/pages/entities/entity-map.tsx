import type { EventRowFragment } from "../../generated/graphql.ts";
import { type MapPoint, WorldMap } from "../../parts/world-map.tsx";
import { entityWords as words } from "../../words/entities.ts";

/** The places of events, each once, with how many events came from there. */
export function placesIn(events: readonly EventRowFragment[]): MapPoint[] {
  const found = new Map<string, MapPoint>();
  for (const { place, outcome } of events) {
    if (place?.lat == null || place.lon == null) continue;
    const key = `${place.lat.toFixed(1)},${place.lon.toFixed(1)}`;
    const size = (found.get(key)?.size ?? 0) + 1;
    const isBad = (found.get(key)?.isBad ?? false) || outcome === "FAILURE";
    const name = [place.city, place.country].filter(Boolean).join(", ");
    found.set(key, { key, lat: place.lat, lon: place.lon, size, isBad, text: words.placeText(name, size) });
  }
  return [...found.values()].sort((a, b) => b.size - a.size);
}

/** Where an entity's latest events came from; nothing, where no place is known. */
export function EntityMap({ events }: { events: readonly EventRowFragment[] }) {
  const places = placesIn(events);
  if (places.length === 0) return null;
  return (
    <section className="card">
      <header className="card-head">
        <h2>{words.places}</h2>
      </header>
      <div className="card-body stack">
        <WorldMap label={words.mapLabel(places.length)} points={places} />
        <ul className="small">
          {places.map(({ key, text }) => (
            <li key={key}>{text}</li>
          ))}
        </ul>
      </div>
    </section>
  );
}
