import "./threat-map.css";
import { useFeed } from "../data/feed.ts";
import { incidentFeed } from "../data/feeds.ts";
import { useQuery } from "../data/use-query.ts";
import { useSoon } from "../data/use-soon.ts";
import { ThreatPlacesDocument } from "../generated/graphql.ts";
import { Empty, Loaded } from "../parts/states.tsx";
import { WorldMap } from "../parts/world-map.tsx";
import { overviewWords as words } from "../words/overview.ts";
import { placesOf } from "./places.ts";
import { useRange } from "./range.ts";
import type { Settings } from "./widget.ts";

const listed = 6; // places that are also said in words

/** Where the addresses are that incidents are about. */
export default function ThreatMap({ settings }: { settings: Settings }) {
  const { range } = useRange({ range: "P7D", ...settings });
  const found = useQuery(ThreatPlacesDocument, { range });
  useFeed(incidentFeed, useSoon(found.reload, 10_000));
  return (
    <Loaded of={found}>
      {({ statistics: { topSubjects } }) => {
        if (topSubjects.length === 0) return <Empty text={words.noPlaces} />;
        const { places, nowhere } = placesOf(topSubjects);
        return (
          <div className="threat-map">
            <WorldMap label={words.mapLabel(places.length)} points={places} />
            <ul>
              {places.slice(0, listed).map(({ key, name, incidents, isBad }) => (
                <li key={key} className={isBad ? "threat-map-bad" : undefined}>
                  <span className="clip">{name}</span> <strong className="number">{incidents}</strong>
                </li>
              ))}
              {nowhere > 0 && <li className="muted">{words.nowhere(nowhere)}</li>}
            </ul>
          </div>
        );
      }}
    </Loaded>
  );
}
