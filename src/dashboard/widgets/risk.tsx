import "./rows.css";
import { Link } from "wouter";
import { entityPath } from "../data/entity-kind.ts";
import { useFeed } from "../data/feed.ts";
import { incidentFeed } from "../data/feeds.ts";
import { useQuery } from "../data/use-query.ts";
import { useSoon } from "../data/use-soon.ts";
import { RiskLeadersDocument } from "../generated/graphql.ts";
import { Score } from "../parts/score.tsx";
import { Severity } from "../parts/severity.tsx";
import { Empty, Loaded } from "../parts/states.tsx";
import { overviewWords as words } from "../words/overview.ts";

/** Whose threat scores are highest. */
export default function Risk() {
  const leaders = useQuery(RiskLeadersDocument, {});
  useFeed(incidentFeed, useSoon(leaders.reload, 5_000));
  return (
    <Loaded of={leaders}>
      {({ entities: { nodes } }) =>
        nodes.length === 0 ? (
          <Empty text={words.noEntities} />
        ) : (
          <ul className="rows">
            {nodes
              .filter(({ kind }) => kind !== "ORGANIZATION")
              .map(({ id, kind, key, risk, riskLevel }) => (
                <li key={id}>
                  <Link href={entityPath(kind, key)} className="clip rows-main" title={kind}>
                    {key}
                  </Link>
                  {riskLevel && <Severity level={riskLevel} compact />}
                  <Score value={risk} />
                </li>
              ))}
          </ul>
        )
      }
    </Loaded>
  );
}
