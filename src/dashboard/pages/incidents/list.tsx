import "../../parts/list.css";
import "../../parts/panel.css";
import { useEffect, useState } from "react";
import { useLocation, useSearchParams } from "wouter";
import { useFeed } from "../../data/feed.ts";
import { incidentFeed } from "../../data/feeds.ts";
import { usePages } from "../../data/use-pages.ts";
import { useQuery } from "../../data/use-query.ts";
import { useSoon } from "../../data/use-soon.ts";
import { IncidentListDocument, SavedFilterListDocument } from "../../generated/graphql.ts";
import { More } from "../../parts/more.tsx";
import { Empty, Loaded } from "../../parts/states.tsx";
import { Table } from "../../parts/table.tsx";
import { useMay, useViewer } from "../../session/viewer.ts";
import { incidentsWords as words } from "../../words/incidents.ts";
import { Bulk } from "./bulk.tsx";
import { columns } from "./columns.tsx";
import { filterOf, orderOf, readAsked } from "./filter.ts";
import { Filters } from "./filters.tsx";

const pageSize = 50;

/** All incidents, live: filters are in the address, several can be changed at once. */
export default function Incidents() {
  const [search] = useSearchParams();
  const [, go] = useLocation();
  const { userId } = useViewer();
  const asked = readAsked(search);
  const saved = useQuery(SavedFilterListDocument, {});
  const chosenFilter = saved.data?.savedFilters.find(({ id }) => id === asked.saved);
  const variables = {
    filter: filterOf(asked, { userId, saved: chosenFilter?.filter }),
    orderBy: orderOf(asked, search.has("order") ? undefined : chosenFilter?.orderBy),
    first: pageSize,
  };
  const list = usePages(
    IncidentListDocument,
    variables,
    (data) => data.incidents,
    (data, nodes) => ({ ...data, incidents: { ...data.incidents, nodes } }),
  );
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const ids = list.rows.map(({ id }) => id).filter((id) => chosen.has(id)); // others have left the list
  const mayWrite = useMay("incident.write");
  const waits = asked.saved !== "" && !saved.data; // what is asked for is not known yet
  const key = JSON.stringify(variables);
  // other rows, nothing chosen
  useEffect(() => setChosen(new Set()), [key]);

  const soon = useSoon(list.reload, 1_000);
  useFeed(incidentFeed, ({ changes, lost }) => {
    list.renew(lost ? undefined : changes.flatMap(({ incident }) => incident ?? []));
    soon();
  });

  return (
    <>
      <div className="page-head">
        <h1>{words.title}</h1>
        <span className="muted small number">{list.data && words.count(list.data.incidents.totalCount)}</span>
        <span className="muted small push list-keys">{words.keys}</span>
      </div>
      <Filters asked={asked} saved={saved} filter={variables.filter} orderBy={variables.orderBy} />
      <section className="card">
        {mayWrite && chosen.size > 0 && (
          <Bulk
            ids={ids}
            onDone={() => {
              setChosen(new Set());
              list.reload();
            }}
          />
        )}
        <Loaded of={waits ? { ...saved, data: undefined } : list} lines={12}>
          {() =>
            list.rows.length === 0 ? (
              <Empty text={words.empty} />
            ) : (
              <>
                <Table
                  label={words.title}
                  columns={columns}
                  rows={list.rows}
                  rowKey={({ id }) => id}
                  onOpen={({ number }) => go(`/incidents/${number}`)}
                  {...(mayWrite ? { chosen, onChoose: setChosen } : {})}
                  chooseLabel={({ number }) => words.choose(number)}
                  chooseAllLabel={words.chooseAll}
                />
                <More of={list} />
              </>
            )
          }
        </Loaded>
      </section>
    </>
  );
}
