import "./list.css";
import { Link } from "wouter";
import type { IncidentRowFragment } from "../../generated/graphql.ts";
import { Score } from "../../parts/score.tsx";
import { severityColumn } from "../../parts/severity-column.tsx";
import { Status } from "../../parts/status.tsx";
import type { Column } from "../../parts/table.tsx";
import { Time } from "../../parts/time.tsx";
import { incidentsWords } from "../../words/incidents.ts";
import { words } from "../../words.ts";

const heads = incidentsWords.columns;

export const columns: readonly Column<IncidentRowFragment>[] = [
  severityColumn(heads.severity),
  {
    key: "title",
    head: heads.title,
    fill: true,
    cell: ({ number, title, subjects }) => (
      <div className="list-incident">
        <Link href={`/incidents/${number}`} className="list-title">
          {title}
        </Link>
        <span className="muted list-subjects clip">
          #{number}
          {subjects.slice(0, 3).map(({ kind, key }) => (
            <span key={kind + key} title={kind}>
              {key}
            </span>
          ))}
        </span>
      </div>
    ),
  },
  {
    key: "status",
    head: heads.status,
    width: "128px",
    cell: ({ status }) => <Status status={status} />,
    from: "tablet",
  },
  {
    key: "assignee",
    head: heads.assignee,
    width: "140px",
    from: "desktop",
    cell: ({ assignee }) =>
      assignee ? <span title={assignee.email}>{assignee.name}</span> : <span className="muted">{words.nobody}</span>,
  },
  {
    key: "events",
    head: heads.events,
    width: "76px",
    align: "right",
    from: "desktop",
    cell: ({ eventCount }) => eventCount.toLocaleString(),
  },
  {
    key: "score",
    head: heads.score,
    width: "104px",
    from: "tablet",
    cell: ({ threatScore }) => <Score value={threatScore} />,
  },
  {
    key: "last",
    head: heads.last,
    width: "112px",
    align: "right",
    cell: ({ lastEventAt }) => <Time at={lastEventAt} as="relative" />,
  },
];
