import { AlertState } from "../../parts/alert-state.tsx";
import { Recipient } from "../../parts/recipient.tsx";
import { Empty } from "../../parts/states.tsx";
import { Table } from "../../parts/table.tsx";
import { Time } from "../../parts/time.tsx";
import { alertWords } from "../../words/alerts.ts";
import { incidentWords as words } from "../../words/incident.ts";
import type { PartProps } from "./incident.tsx";

const heads = alertWords.columns;

/** Who was told, on which channel, and whether it arrived. */
export function Alerts({ incident }: PartProps) {
  const { nodes, totalCount } = incident.alerts;
  if (nodes.length === 0) return <Empty text={words.noAlerts} />;
  return (
    <>
      <Table
        label={words.tabs.alerts}
        rows={nodes}
        rowKey={({ id }) => id}
        columns={[
          { key: "channel", head: heads.channel, cell: ({ channel }) => channel.name },
          { key: "to", head: heads.recipient, cell: ({ recipient }) => <Recipient of={recipient} /> },
          { key: "state", head: heads.status, cell: ({ status }) => <AlertState status={status} /> },
          { key: "at", head: heads.at, align: "right", cell: ({ createdAt }) => <Time at={createdAt} as="relative" /> },
        ]}
      />
      {totalCount > nodes.length && <p className="card-body muted small">{words.someOf(nodes.length, totalCount)}</p>}
    </>
  );
}
