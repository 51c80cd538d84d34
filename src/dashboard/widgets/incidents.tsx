import "./rows.css";
import { Link } from "wouter";
import { useFeed } from "../data/feed.ts";
import { incidentFeed } from "../data/feeds.ts";
import { useQuery } from "../data/use-query.ts";
import { useSoon } from "../data/use-soon.ts";
import { LatestIncidentsDocument } from "../generated/graphql.ts";
import { Severity } from "../parts/severity.tsx";
import { Empty, Loaded } from "../parts/states.tsx";
import { Status } from "../parts/status.tsx";
import { Time } from "../parts/time.tsx";
import { overviewWords as words } from "../words/overview.ts";

/** The active incidents, the latest activity first. */
export default function Incidents() {
  const list = useQuery(LatestIncidentsDocument, {});
  useFeed(incidentFeed, useSoon(list.reload, 1_000));
  return (
    <Loaded of={list} lines={7}>
      {({ incidents: { nodes } }) =>
        nodes.length === 0 ? (
          <Empty text={words.quiet} />
        ) : (
          <ul className="rows">
            {nodes.map(({ id, number, title, severity, status, lastEventAt }) => (
              <li key={id}>
                <Severity level={severity} compact />
                <Link href={`/incidents/${number}`} className="clip rows-main" title={title}>
                  {title}
                </Link>
                <Status status={status} />
                <span className="muted rows-time">
                  <Time at={lastEventAt} as="relative" />
                </span>
              </li>
            ))}
          </ul>
        )
      }
    </Loaded>
  );
}
