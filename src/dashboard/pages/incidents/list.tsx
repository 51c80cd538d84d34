import "../../parts/list.css";
import { useEffect, useState } from "react";
import { useLocation, useSearchParams } from "wouter";
import { query } from "../../api.ts";
import { useFeed } from "../../data/feed.ts";
import { incidentFeed } from "../../data/feeds.ts";
import { useQuery } from "../../data/use-query.ts";
import { useSoon } from "../../data/use-soon.ts";
import { IncidentListDocument, type IncidentRowFragment } from "../../generated/graphql.ts";
import { Button } from "../../parts/button.tsx";
import { Empty, Loaded } from "../../parts/states.tsx";
import { Table } from "../../parts/table.tsx";
import { useMay } from "../../session/viewer.ts";
import { incidentsWords as words } from "../../words/incidents.ts";
import { Bulk } from "./bulk.tsx";
import { columns } from "./columns.tsx";
import { filterOf, readAsked } from "./filter.ts";
import { Filters } from "./filters.tsx";

const pageSize = 50;

/** All incidents, live: filters are in the address, several can be changed at once. */
export default function Incidents() {
  const [search] = useSearchParams();
  const [, go] = useLocation();
  const asked = readAsked(search);
  const variables = {
    filter: filterOf(asked),
    orderBy: [{ field: asked.order, direction: "DESC" as const }],
    first: pageSize,
  };
  const list = useQuery(IncidentListDocument, variables);
  const [older, setOlder] = useState<{ of: string; rows: IncidentRowFragment[]; end: string | null; more: boolean }>();
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const mayWrite = useMay("incident.write");
  const key = JSON.stringify(variables);
  // other rows, nothing chosen
  useEffect(() => setChosen(new Set()), [key]);

  const soon = useSoon(list.reload, 1_000);
  useFeed(incidentFeed, ({ changes, lost }) => {
    if (lost) setOlder(undefined);
    const changed = new Map(changes.flatMap(({ incident }) => (incident ? [[incident.id, incident] as const] : [])));
    const renew = (rows: IncidentRowFragment[]) => rows.map((row) => changed.get(row.id) ?? row);
    list.patch((data) => ({ ...data, incidents: { ...data.incidents, nodes: renew(data.incidents.nodes) } }));
    setOlder((before) => before && { ...before, rows: renew(before.rows) });
    soon();
  });

  return (
    <>
      <div className="page-head">
        <h1>{words.title}</h1>
        <span className="muted small number">{list.data && words.count(list.data.incidents.totalCount)}</span>
        <span className="muted small push list-keys">{words.keys}</span>
      </div>
      <Filters asked={asked} />
      <section className="card">
        {mayWrite && chosen.size > 0 && (
          <Bulk
            ids={[...chosen]}
            onDone={() => {
              setChosen(new Set());
              list.reload();
            }}
          />
        )}
        <Loaded of={list} lines={12}>
          {({ incidents }) => {
            const behind = older?.of === key ? older : undefined;
            const first = new Set(incidents.nodes.map(({ id }) => id));
            const rows = [...incidents.nodes, ...(behind?.rows ?? []).filter(({ id }) => !first.has(id))];
            const end = behind ? behind.end : incidents.pageInfo.endCursor;
            const more = behind ? behind.more : incidents.pageInfo.hasNextPage;
            if (rows.length === 0) return <Empty text={words.empty} />;
            return (
              <>
                <Table
                  label={words.title}
                  columns={columns}
                  rows={rows}
                  rowKey={({ id }) => id}
                  onOpen={({ number }) => go(`/incidents/${number}`)}
                  {...(mayWrite ? { chosen, onChoose: setChosen } : {})}
                  chooseLabel={({ number }) => words.choose(number)}
                  chooseAllLabel={words.chooseAll}
                />
                {more && (
                  <div className="list-more">
                    <Button
                      onClick={async () => {
                        const { incidents: next } = await query(IncidentListDocument, {
                          ...variables,
                          after: end ?? null,
                        });
                        const { hasNextPage, endCursor } = next.pageInfo;
                        const all = [...(behind?.rows ?? []), ...next.nodes];
                        setOlder({ of: key, rows: all, end: endCursor ?? null, more: hasNextPage });
                      }}
                    >
                      {words.more}
                    </Button>
                  </div>
                )}
              </>
            );
          }}
        </Loaded>
      </section>
    </>
  );
}
