import "./rows.css";
import { Link } from "wouter";
import { entityKindOf, entityPath } from "../data/entity-kind.ts";
import { useQuery } from "../data/use-query.ts";
import { TopSubjectsDocument } from "../generated/graphql.ts";
import { Empty, Loaded } from "../parts/states.tsx";
import { overviewWords as words } from "../words/overview.ts";
import { useRange } from "./range.ts";
import type { Settings } from "./widget.ts";

/** Whom most incidents are about. */
export default function TopList({ settings }: { settings: Settings }) {
  const { range } = useRange(settings);
  const top = useQuery(TopSubjectsDocument, { range });
  return (
    <Loaded of={top}>
      {({ statistics: { topSubjects } }) =>
        topSubjects.length === 0 ? (
          <Empty text={words.noSubjects} />
        ) : (
          <ul className="rows">
            {topSubjects.map(({ kind, key, incidents }) => {
              const entity = entityKindOf(kind);
              return (
                <li key={kind + key}>
                  {entity ? (
                    <Link href={entityPath(entity, key)} className="clip rows-main" title={kind}>
                      {key}
                    </Link>
                  ) : (
                    <span className="clip rows-main" title={kind}>
                      {key}
                    </span>
                  )}
                  <span className="muted rows-time">{words.incidentsOf(incidents)}</span>
                </li>
              );
            })}
          </ul>
        )
      }
    </Loaded>
  );
}
