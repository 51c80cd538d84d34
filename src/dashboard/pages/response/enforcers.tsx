import { useQuery } from "../../data/use-query.ts";
import { EnforcerListDocument, type EnforcerListQuery } from "../../generated/graphql.ts";
import { Badge } from "../../parts/badge.tsx";
import { Button } from "../../parts/button.tsx";
import { Panel } from "../../parts/panel.tsx";
import { Empty, Loaded } from "../../parts/states.tsx";
import { type Column, Table } from "../../parts/table.tsx";
import { Time } from "../../parts/time.tsx";
import { responseWords } from "../../words/response.ts";
import { words as shared } from "../../words.ts";

const words = responseWords.enforcers;
type Enforcer = EnforcerListQuery["enforcers"]["nodes"][number];

const columns: readonly Column<Enforcer>[] = [
  {
    key: "name",
    head: words.name,
    fill: true,
    cell: ({ name, program }) => (
      <div className="two-lines">
        <strong className="wrap">{name}</strong>
        <span className="muted wrap">{program ?? words.noProgram}</span>
      </div>
    ),
  },
  {
    key: "state",
    head: words.state,
    cell: ({ isOnline }) => <Badge tone={isOnline ? "good" : "bad"}>{isOnline ? words.online : words.offline}</Badge>,
  },
  {
    key: "lag",
    head: words.lag,
    cell: ({ behind }) =>
      behind > 0 ? <Badge tone="warn">{words.behind(behind)}</Badge> : <span className="muted">{words.current}</span>,
  },
  { key: "seen", head: words.seen, from: "tablet", cell: ({ lastSeenAt }) => <Time at={lastSeenAt} as="relative" /> },
  { key: "since", head: words.since, from: "desktop", cell: ({ createdAt }) => <Time at={createdAt} as="clock" /> },
];

/** The programs that apply decisions, and whether they keep up. */
export function Enforcers() {
  const list = useQuery(EnforcerListDocument, {});
  return (
    <Panel
      title={words.title}
      lead={words.lead}
      tools={
        <span className="push">
          <Button icon="refresh" kind="quiet" busy={list.loading} onClick={list.reload}>
            {words.refresh}
          </Button>
        </span>
      }
    >
      <Loaded of={list}>
        {({ enforcers }) =>
          enforcers.nodes.length === 0 ? (
            <Empty icon="response" text={words.empty}>
              <code className="small wrap">{words.emptyCommand}</code>
            </Empty>
          ) : (
            <Table label={shared.all} columns={columns} rows={enforcers.nodes} rowKey={({ id }) => id} />
          )
        }
      </Loaded>
    </Panel>
  );
}
