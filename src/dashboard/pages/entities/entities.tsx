import "../../parts/list.css";
import { Link, useLocation, useSearchParams } from "wouter";
import { entityPath } from "../../data/entity-kind.ts";
import { useFeed } from "../../data/feed.ts";
import { incidentFeed } from "../../data/feeds.ts";
import { usePages } from "../../data/use-pages.ts";
import { useSoon } from "../../data/use-soon.ts";
import { type EntityFilter, type EntityKind, EntityListDocument } from "../../generated/graphql.ts";
import { More } from "../../parts/more.tsx";
import { Score } from "../../parts/score.tsx";
import { Search } from "../../parts/search.tsx";
import { Severity } from "../../parts/severity.tsx";
import { Empty, Loaded } from "../../parts/states.tsx";
import { Table } from "../../parts/table.tsx";
import { Time } from "../../parts/time.tsx";
import { entityWords as words } from "../../words/entities.ts";

const kinds = Object.keys(words.kinds).filter((kind) => kind !== "ORGANIZATION") as EntityKind[];
const pageSize = 60;
const heads = words.columns;

/** Users, addresses and the like, the riskiest first. */
export default function Entities() {
  const [search, setSearch] = useSearchParams();
  const [, go] = useLocation();
  const key = search.get("key") ?? "";
  const kind = kinds.find((one) => one === search.get("kind"));
  const filter: EntityFilter = {
    and: [{ kind: kind ? { eq: kind } : { neq: "ORGANIZATION" } }, ...(key ? [{ key: { contains: key } }] : [])],
  };
  const list = usePages(EntityListDocument, { filter, first: pageSize }, (data) => data.entities);
  useFeed(incidentFeed, useSoon(list.reload, 5_000));

  function set(name: string, value: string): void {
    setSearch(
      (before) => {
        const next = new URLSearchParams(before);
        if (value) next.set(name, value);
        else next.delete(name);
        return next;
      },
      { replace: true },
    );
  }

  return (
    <>
      <div className="page-head">
        <h1>{words.title}</h1>
        <span className="muted small number">{list.data && words.count(list.data.entities.totalCount)}</span>
      </div>
      <div className="filters">
        <Search label={words.search} value={key} onChange={(text) => set("key", text)} />
        <select
          className="input"
          aria-label={words.kind}
          value={kind ?? ""}
          onChange={(event) => set("kind", event.target.value)}
        >
          <option value="">{words.allKinds}</option>
          {kinds.map((one) => (
            <option key={one} value={one}>
              {words.kinds[one]}
            </option>
          ))}
        </select>
      </div>
      <section className="card">
        <Loaded of={list} lines={12}>
          {() =>
            list.rows.length === 0 ? (
              <Empty text={words.empty} icon="entity" />
            ) : (
              <>
                <Table
                  label={words.title}
                  rows={list.rows}
                  rowKey={({ id }) => id}
                  onOpen={(row) => go(entityPath(row.kind, row.key))}
                  columns={[
                    { key: "kind", head: heads.kind, width: "110px", cell: (row) => words.kinds[row.kind] },
                    {
                      key: "key",
                      head: heads.key,
                      fill: true,
                      cell: (row) => (
                        <Link href={entityPath(row.kind, row.key)} className="list-link wrap">
                          {row.key}
                        </Link>
                      ),
                    },
                    {
                      key: "department",
                      head: heads.department,
                      width: "160px",
                      from: "desktop",
                      cell: ({ department }) => department,
                    },
                    {
                      key: "level",
                      head: heads.level,
                      width: "110px",
                      from: "tablet",
                      cell: ({ riskLevel }) => riskLevel && <Severity level={riskLevel} />,
                    },
                    { key: "risk", head: heads.risk, width: "120px", cell: ({ risk }) => <Score value={risk} /> },
                    {
                      key: "seen",
                      head: heads.seen,
                      width: "120px",
                      align: "right",
                      from: "tablet",
                      cell: ({ lastSeenAt }) => <Time at={lastSeenAt} as="relative" />,
                    },
                  ]}
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
