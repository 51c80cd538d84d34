import { Link } from "wouter";
import type { AlertRowFragment } from "../../generated/graphql.ts";
import { AlertState } from "../../parts/alert-state.tsx";
import { Recipient } from "../../parts/recipient.tsx";
import { Severity } from "../../parts/severity.tsx";
import type { Column } from "../../parts/table.tsx";
import { Time } from "../../parts/time.tsx";
import { alertWords as words } from "../../words/alerts.ts";

const heads = words.columns;

export const columns: readonly Column<AlertRowFragment>[] = [
  { key: "state", head: heads.status, width: "150px", cell: ({ status }) => <AlertState status={status} /> },
  {
    key: "incident",
    head: heads.incident,
    fill: true,
    cell: ({ incident, kind }) =>
      incident ? (
        <span className="row-inline">
          <Severity level={incident.severity} compact />
          <Link href={`/incidents/${incident.number}`} className="clip list-link" title={incident.title}>
            {incident.title}
          </Link>
        </span>
      ) : (
        <span className="muted">{words.kinds[kind]}</span>
      ),
  },
  { key: "kind", head: heads.kind, width: "130px", from: "tablet", cell: ({ kind }) => words.kinds[kind] },
  { key: "channel", head: heads.channel, width: "150px", from: "tablet", cell: ({ channel }) => channel.name },
  {
    key: "to",
    head: heads.recipient,
    width: "200px",
    from: "desktop",
    cell: ({ recipient }) => <Recipient of={recipient} />,
  },
  { key: "tries", head: heads.tries, width: "60px", align: "right", from: "desktop", cell: ({ tries }) => tries },
  {
    key: "at",
    head: heads.at,
    width: "110px",
    align: "right",
    cell: ({ createdAt }) => <Time at={createdAt} as="relative" />,
  },
];
