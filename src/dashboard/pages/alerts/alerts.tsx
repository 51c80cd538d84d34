import "../../parts/list.css";
import { useEffect, useState } from "react";
import { useSearchParams } from "wouter";
import { useFeed } from "../../data/feed.ts";
import { alertFeed } from "../../data/feeds.ts";
import { useMutation } from "../../data/use-mutation.ts";
import { usePages } from "../../data/use-pages.ts";
import { useQuery } from "../../data/use-query.ts";
import { useSoon } from "../../data/use-soon.ts";
import {
  type AlertFilter,
  AlertLedgerDocument,
  type AlertStatus,
  AlertsRetryDocument,
  ChannelNamesDocument,
} from "../../generated/graphql.ts";
import { Button } from "../../parts/button.tsx";
import { FormErrors } from "../../parts/field.tsx";
import { More } from "../../parts/more.tsx";
import { Empty, Loaded } from "../../parts/states.tsx";
import { Table } from "../../parts/table.tsx";
import { toast } from "../../parts/toast.tsx";
import { useMay } from "../../session/viewer.ts";
import { alertWords as words } from "../../words/alerts.ts";
import { AlertDialog } from "./alert-dialog.tsx";
import { columns } from "./columns.tsx";

const views: Record<keyof typeof words.views, AlertStatus[]> = {
  all: [],
  failed: ["FAILED"],
  held: ["HELD"],
  waiting: ["QUEUED", "SENDING", "RETRYING"],
  delivered: ["SENT", "DELIVERED"],
};
const viewNames = Object.keys(views) as (keyof typeof views)[];
const pageSize = 60;

/** Every alert, on its way or not, and why not. What failed or is held back can be sent again. */
export default function Alerts() {
  const [search, setSearch] = useSearchParams();
  const view = viewNames.find((name) => name === search.get("view")) ?? "all";
  const channel = search.get("channel") ?? "";
  const filter: AlertFilter = {
    and: [
      ...(views[view].length > 0 ? [{ status: { in: views[view] } }] : []),
      ...(channel ? [{ channelId: { eq: channel } }] : []),
    ],
  };
  const ledger = usePages(AlertLedgerDocument, { filter, first: pageSize }, (data) => data.alerts);
  const channels = useQuery(ChannelNamesDocument, {});
  const retry = useMutation(AlertsRetryDocument);
  const mayWrite = useMay("alert.write");
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const ids = ledger.rows.map(({ id }) => id).filter((id) => chosen.has(id)); // others have left the list
  const [opened, setOpened] = useState<string>();
  useFeed(alertFeed, useSoon(ledger.reload, 1_500));
  const key = JSON.stringify(filter);
  // Other rows, nothing chosen.
  useEffect(() => {
    if (key) setChosen(new Set());
  }, [key]);

  function set(name: string, value: string): void {
    const next = new URLSearchParams(search);
    if (value) next.set(name, value);
    else next.delete(name);
    setSearch(next, { replace: true });
  }

  async function sendAgain(input: { ids: string[] } | { filter: AlertFilter }): Promise<void> {
    const done = await retry.run({ input });
    if (!done) return;
    toast(words.retried(done.alertsRetry.retried));
    setChosen(new Set());
    ledger.reload();
  }

  return (
    <>
      <div className="page-head">
        <h1>{words.title}</h1>
        <span className="muted small number">{ledger.data && words.count(ledger.data.alerts.totalCount)}</span>
        {mayWrite && (view === "failed" || view === "held") && (
          <span className="push">
            <Button icon="refresh" busy={retry.busy} onClick={() => void sendAgain({ filter })}>
              {words.retryAll}
            </Button>
          </span>
        )}
      </div>
      <div className="filters">
        <fieldset className="views" aria-label={words.columns.status}>
          {viewNames.map((name) => (
            <button key={name} type="button" aria-pressed={view === name} onClick={() => set("view", name)}>
              {words.views[name]}
            </button>
          ))}
        </fieldset>
        <select
          className="input"
          aria-label={words.channel}
          value={channel}
          onChange={(event) => set("channel", event.target.value)}
        >
          <option value="">{words.allChannels}</option>
          {channels.data?.alertChannels.map(({ id, name }) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </select>
      </div>
      <FormErrors errors={retry.errors} />
      <section className="card">
        {ids.length > 0 && (
          <div className="bulk">
            <strong>{words.chosen(ids.length)}</strong>
            <Button small busy={retry.busy} onClick={() => void sendAgain({ ids })}>
              {words.retry}
            </Button>
          </div>
        )}
        <Loaded of={ledger} lines={12}>
          {() =>
            ledger.rows.length === 0 ? (
              <Empty text={words.empty} icon="alert" />
            ) : (
              <>
                <Table
                  label={words.title}
                  columns={columns}
                  rows={ledger.rows}
                  rowKey={({ id }) => id}
                  onOpen={({ id }) => setOpened(id)}
                  {...(mayWrite ? { chosen, onChoose: setChosen } : {})}
                  chooseLabel={() => words.choose}
                  chooseAllLabel={words.chooseAll}
                />
                <More of={ledger} />
              </>
            )
          }
        </Loaded>
      </section>
      {opened && <AlertDialog id={opened} onClose={() => setOpened(undefined)} onAgain={ledger.reload} />}
    </>
  );
}
