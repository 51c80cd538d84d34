import "./rows.css";
import { useEffect } from "react";
import { useQuery } from "../data/use-query.ts";
import { LatestEventsDocument } from "../generated/graphql.ts";
import { Badge } from "../parts/badge.tsx";
import { Empty, Loaded } from "../parts/states.tsx";
import { Time } from "../parts/time.tsx";
import { incidentWords } from "../words/incident.ts";
import { overviewWords as words } from "../words/overview.ts";

const pace = 5_000; // ms between two looks: the API has no stream of events

/** The latest events. */
export default function Events() {
  const events = useQuery(LatestEventsDocument, {});
  useEffect(() => {
    const timer = setInterval(() => document.hidden || events.reload(), pace);
    return () => clearInterval(timer);
  }, [events.reload]);
  return (
    <Loaded of={events} lines={7}>
      {({ securityEvents: { nodes } }) =>
        nodes.length === 0 ? (
          <Empty text={words.noEvents} icon="live" />
        ) : (
          <ul className="rows">
            {nodes.map(({ id, time, action, outcome, actorName, actorId, sourceIp }) => (
              <li key={id}>
                <span className="muted rows-time">
                  <Time at={time} as="clock" />
                </span>
                <span className="mono clip">{action}</span>
                <span className="rows-main clip">{actorName ?? actorId}</span>
                <span className="muted mono clip">{sourceIp}</span>
                {outcome === "FAILURE" && <Badge tone="warn">{incidentWords.outcome.FAILURE}</Badge>}
              </li>
            ))}
          </ul>
        )
      }
    </Loaded>
  );
}
