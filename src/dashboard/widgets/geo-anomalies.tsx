import "./rows.css";
import { Link } from "wouter";
import { useFeed } from "../data/feed.ts";
import { incidentFeed } from "../data/feeds.ts";
import { useQuery } from "../data/use-query.ts";
import { useSoon } from "../data/use-soon.ts";
import { GeoAnomaliesDocument, GeoRulesDocument } from "../generated/graphql.ts";
import { Severity } from "../parts/severity.tsx";
import { Empty, Failed, Loaded } from "../parts/states.tsx";
import { Time } from "../parts/time.tsx";
import { overviewWords as words } from "../words/overview.ts";
import { useRange } from "./range.ts";
import type { Settings } from "./widget.ts";

/** The built-in rules about where somebody is. */
const references = [
  "impossible_travel",
  "new_country",
  "sensitive_deed_elsewhere",
  "service_account_new_place",
  "session_moved",
];

/** People who are where they cannot be, or never were. */
export default function GeoAnomalies({ settings }: { settings: Settings }) {
  const { range } = useRange({ range: "P7D", ...settings });
  const rules = useQuery(GeoRulesDocument, { references });
  const ruleIds = rules.data?.alertRules.nodes.map(({ id }) => id);
  const found = useQuery(GeoAnomaliesDocument, ruleIds && { ruleIds, since: range.from });
  useFeed(incidentFeed, useSoon(found.reload, 5_000));
  if (rules.error) return <Failed error={rules.error} onAgain={rules.reload} />;
  return (
    <Loaded of={found}>
      {({ detections: { nodes } }) =>
        nodes.length === 0 ? (
          <Empty text={words.noGeo} />
        ) : (
          <ul className="rows rows-told">
            {nodes.map(({ id, lastEventAt, severity, explanation, rule, incident }) => (
              <li key={id}>
                <Severity level={severity} />
                <span className="rows-main">
                  {incident ? <Link href={`/incidents/${incident.number}`}>{rule.name}</Link> : rule.name}
                  <span className="muted wrap rows-why">{explanation}</span>
                </span>
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
