import "./severity.css";
import { Link } from "wouter";
import { useFeed } from "../data/feed.ts";
import { incidentFeed } from "../data/feeds.ts";
import { useQuery } from "../data/use-query.ts";
import { useSoon } from "../data/use-soon.ts";
import { BySeverityDocument } from "../generated/graphql.ts";
import { onlyOf } from "../pages/incidents/filter.ts";
import { Severity } from "../parts/severity.tsx";
import { Loaded } from "../parts/states.tsx";
import { overviewWords as words } from "../words/overview.ts";

const levels = ["CRITICAL", "HIGH", "MEDIUM", "LOW", "INFO"] as const;

/** How many incidents are active, by severity. */
export default function BySeverity() {
  const counted = useQuery(BySeverityDocument, {});
  useFeed(incidentFeed, useSoon(counted.reload, 2_000));
  return (
    <Loaded of={counted}>
      {({ realtime }) => {
        const open = realtime.metrics.openBySeverity;
        const countOf = (level: (typeof levels)[number]) => open.find(({ severity }) => severity === level)?.count ?? 0;
        const total = open.reduce((sum, { count }) => sum + count, 0);
        return (
          <div className="by-severity">
            <p className="muted small">{total === 0 ? words.quiet : words.total(total)}</p>
            <div className="by-severity-bar" aria-hidden="true">
              {levels.map((level) => (
                <span key={level} style={{ flexGrow: countOf(level), background: `var(--${level.toLowerCase()})` }} />
              ))}
            </div>
            <ul>
              {levels.map((level) => (
                <li key={level}>
                  <Link href={`/incidents?severity=${onlyOf(level)}`}>
                    <Severity level={level} />
                  </Link>
                  <span className="number">{countOf(level).toLocaleString()}</span>
                </li>
              ))}
            </ul>
          </div>
        );
      }}
    </Loaded>
  );
}
