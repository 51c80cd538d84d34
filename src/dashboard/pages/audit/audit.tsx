import "./audit.css";
import { useState } from "react";
import { useAskedText } from "../../data/use-asked.ts";
import { usePages } from "../../data/use-pages.ts";
import { type AuditEntryFilter, AuditListDocument, type AuditRowFragment } from "../../generated/graphql.ts";
import { Button } from "../../parts/button.tsx";
import { momentOf } from "../../parts/moment.ts";
import { More } from "../../parts/more.tsx";
import { Panel } from "../../parts/panel.tsx";
import { Search } from "../../parts/search.tsx";
import { Empty, Loaded } from "../../parts/states.tsx";
import { type Column, Table } from "../../parts/table.tsx";
import { Time } from "../../parts/time.tsx";
import { useMay } from "../../session/viewer.ts";
import { actionText, auditWords as words } from "../../words/audit.ts";
import { EntryDialog } from "./entry-dialog.tsx";
import { ExportDialog } from "./export-dialog.tsx";
import { Verdict } from "./verdict.tsx";

const pageSize = 50;

const columns: readonly Column<AuditRowFragment>[] = [
  { key: "at", head: words.columns.at, width: "150px", cell: ({ at }) => <Time at={at} as="second" /> },
  {
    key: "what",
    head: words.columns.what,
    fill: true,
    cell: ({ action, actor }) => (
      <div className="two-lines">
        <strong className="wrap">{actionText(action)}</strong>
        <span className="muted wrap">{actor}</span>
      </div>
    ),
  },
  {
    key: "which",
    head: words.columns.which,
    width: "320px",
    from: "tablet",
    cell: ({ entityKind, entityId }) => (
      <div className="two-lines">
        <span>{actionText(entityKind)}</span>
        <span className="muted mono wrap">{entityId}</span>
      </div>
    ),
  },
  {
    key: "seq",
    head: words.columns.seq,
    width: "80px",
    align: "right",
    from: "desktop",
    cell: ({ seq }) => seq.toLocaleString(),
  },
];

/** Conditions for what is asked for; days are the reader's own. */
function filterOf(actor: string, action: string, from: string, to: string): AuditEntryFilter {
  const all: AuditEntryFilter[] = [];
  if (actor.trim()) all.push({ actor: { contains: actor.trim() } });
  if (action.trim()) all.push({ action: { contains: action.trim().replace(/\s+/g, "_") } });
  if (from) all.push({ at: { gte: momentOf(`${from}T00:00`) } });
  if (to) all.push({ at: { lte: momentOf(`${to}T23:59:59.999`) } });
  return { and: all };
}

/** Who did or saw what: searched, verified, and taken along. */
export default function Audit() {
  const [actor, setActor] = useAskedText("actor");
  const [action, setAction] = useAskedText("action");
  const [from, setFrom] = useAskedText("from");
  const [to, setTo] = useAskedText("to");
  const mayExport = useMay("audit.export");
  const [opened, setOpened] = useState<AuditRowFragment>();
  const [exports, setExports] = useState(false);
  const list = usePages(
    AuditListDocument,
    { filter: filterOf(actor, action, from, to), first: pageSize },
    (data) => data.auditLog,
  );

  return (
    <>
      <div className="page-head">
        <h1>{words.title}</h1>
        {mayExport && (
          <span className="push">
            <Button icon="report" onClick={() => setExports(true)}>
              {words.export}
            </Button>
          </span>
        )}
      </div>
      <Verdict />
      <Panel
        title={words.entries}
        lead={words.lead}
        tools={
          <>
            <Search label={words.actor} value={actor} onChange={setActor} />
            <Search label={words.action} value={action} onChange={setAction} />
            <label className="audit-day">
              {words.from}
              <input className="input" type="date" value={from} onChange={(event) => setFrom(event.target.value)} />
            </label>
            <label className="audit-day">
              {words.to}
              <input className="input" type="date" value={to} onChange={(event) => setTo(event.target.value)} />
            </label>
          </>
        }
      >
        <Loaded of={list} lines={10}>
          {() =>
            list.rows.length === 0 ? (
              <Empty text={words.empty} icon="search" />
            ) : (
              <>
                <Table
                  label={words.entries}
                  columns={columns}
                  rows={list.rows}
                  rowKey={({ id }) => id}
                  onOpen={setOpened}
                />
                <More of={list} />
              </>
            )
          }
        </Loaded>
      </Panel>
      {opened && <EntryDialog entry={opened} onClose={() => setOpened(undefined)} />}
      {exports && <ExportDialog onClose={() => setExports(false)} />}
    </>
  );
}
