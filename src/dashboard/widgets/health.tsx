import "./rows.css";
import { useEffect } from "react";
import { useQuery } from "../data/use-query.ts";
import { HealthDocument } from "../generated/graphql.ts";
import { Badge } from "../parts/badge.tsx";
import { Loaded } from "../parts/states.tsx";
import { overviewWords as words } from "../words/overview.ts";
import { statusWords } from "../words/status.ts";

const pace = 15_000; // ms between two looks

/** Whether every part of the server works. */
export default function Health() {
  const health = useQuery(HealthDocument, {});
  useEffect(() => {
    const timer = setInterval(() => document.hidden || health.reload(), pace);
    return () => clearInterval(timer);
  }, [health.reload]);
  return (
    <Loaded of={health}>
      {({ status }) => (
        <ul className="rows">
          {status.parts.map(({ name, ok, detail }) => (
            <li key={name} title={detail}>
              <span className="rows-main clip">{statusWords.partNames[name] ?? name}</span>
              <Badge tone={ok ? "good" : "bad"}>{ok ? words.ok : words.notOk}</Badge>
            </li>
          ))}
        </ul>
      )}
    </Loaded>
  );
}
