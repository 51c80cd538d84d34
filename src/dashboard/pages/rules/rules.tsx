import "../../parts/list.css";
import { Link, useLocation, useSearchParams } from "wouter";
import { usePages } from "../../data/use-pages.ts";
import { type AlertRuleFilter, RuleListDocument, type RuleRowFragment } from "../../generated/graphql.ts";
import { Badge } from "../../parts/badge.tsx";
import { Button } from "../../parts/button.tsx";
import { More } from "../../parts/more.tsx";
import { Search } from "../../parts/search.tsx";
import { severityColumn } from "../../parts/severity-column.tsx";
import { Empty, Loaded } from "../../parts/states.tsx";
import { type Column, Table } from "../../parts/table.tsx";
import { Time } from "../../parts/time.tsx";
import { useMay } from "../../session/viewer.ts";
import { ruleWords as words } from "../../words/rules.ts";
import { Mode, precisionText } from "./mode.tsx";

const modes = ["ACTIVE", "MONITOR", "DISABLED"] as const;
const pageSize = 80;
const heads = words.columns;
const pathOf = (id: string): string => `/rules/${encodeURIComponent(id)}`;

const columns: readonly Column<RuleRowFragment>[] = [
  severityColumn(heads.severity),
  {
    key: "name",
    head: heads.name,
    fill: true,
    cell: ({ id, name, builtin, fault }) => (
      <span className="row">
        <Link href={pathOf(id)} className="list-link wrap">
          {name}
        </Link>
        {!builtin && <Badge>{words.own}</Badge>}
        {fault && (
          <Badge tone="bad" title={fault}>
            {words.broken}
          </Badge>
        )}
      </span>
    ),
  },
  { key: "mode", head: heads.mode, width: "100px", cell: ({ mode }) => <Mode mode={mode} /> },
  { key: "kind", head: heads.kind, width: "110px", from: "desktop", cell: ({ kind }) => words.kinds[kind] },
  {
    key: "techniques",
    head: heads.techniques,
    width: "150px",
    from: "desktop",
    cell: ({ techniques }) => <span className="mono">{techniques.slice(0, 2).join(" ")}</span>,
  },
  {
    key: "precision",
    head: heads.precision,
    width: "90px",
    align: "right",
    from: "tablet",
    cell: ({ quality }) => (
      <span className={quality.precision === null ? "muted" : ""}>
        {quality.precision === null ? "—" : precisionText(quality.precision)}
      </span>
    ),
  },
  {
    key: "updated",
    head: heads.updated,
    width: "110px",
    align: "right",
    from: "tablet",
    cell: ({ updatedAt }) => <Time at={updatedAt} as="relative" />,
  },
];

/** All rules: what they look for, what they may do, and how good they are. */
export default function Rules() {
  const [search, setSearch] = useSearchParams();
  const [, go] = useLocation();
  const mayWrite = useMay("rule.write");
  const name = search.get("name") ?? "";
  const mode = modes.find((one) => one === search.get("mode"));
  const filter: AlertRuleFilter = {
    and: [...(mode ? [{ mode: { eq: mode } }] : []), ...(name ? [{ name: { contains: name } }] : [])],
  };
  const list = usePages(RuleListDocument, { filter, first: pageSize }, (data) => data.alertRules);

  function set(key: string, value: string): void {
    setSearch(
      (before) => {
        const next = new URLSearchParams(before);
        if (value) next.set(key, value);
        else next.delete(key);
        return next;
      },
      { replace: true },
    );
  }

  return (
    <>
      <div className="page-head">
        <h1>{words.title}</h1>
        <span className="muted small number">{list.data && words.count(list.data.alertRules.totalCount)}</span>
        {mayWrite && (
          <span className="push">
            <Button kind="primary" icon="plus" onClick={() => go("/rules/new")}>
              {words.newRule}
            </Button>
          </span>
        )}
      </div>
      <div className="filters">
        <fieldset className="views" aria-label={words.mode}>
          {([undefined, ...modes] as const).map((one) => (
            <button key={one ?? ""} type="button" aria-pressed={mode === one} onClick={() => set("mode", one ?? "")}>
              {one ? words.modes[one] : words.allModes}
            </button>
          ))}
        </fieldset>
        <Search label={words.search} value={name} onChange={(text) => set("name", text)} />
      </div>
      <section className="card">
        <Loaded of={list} lines={14}>
          {() =>
            list.rows.length === 0 ? (
              <Empty text={words.empty} icon="rule" />
            ) : (
              <>
                <Table
                  label={words.title}
                  columns={columns}
                  rows={list.rows}
                  rowKey={({ id }) => id}
                  onOpen={({ id }) => go(pathOf(id))}
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
