import "../channels/channels.css";
import { useState } from "react";
import { useAsked } from "../../data/use-asked.ts";
import { useMutation } from "../../data/use-mutation.ts";
import { usePages } from "../../data/use-pages.ts";
import { SilenceEndDocument, SilenceListDocument, type SilenceRowFragment } from "../../generated/graphql.ts";
import { Badge } from "../../parts/badge.tsx";
import { Button } from "../../parts/button.tsx";
import { Choices } from "../../parts/choices.tsx";
import { Confirm } from "../../parts/confirm.tsx";
import { More } from "../../parts/more.tsx";
import { Panel } from "../../parts/panel.tsx";
import { Empty, Loaded } from "../../parts/states.tsx";
import { type Column, Table } from "../../parts/table.tsx";
import { Time } from "../../parts/time.tsx";
import { toast } from "../../parts/toast.tsx";
import { useMay } from "../../session/viewer.ts";
import { silenceWords as words } from "../../words/silences.ts";
import { matchersText } from "./matchers.tsx";
import { SilenceForm } from "./silence-form.tsx";

const views = ["now", "all"] as const;
const tones = { ACTIVE: "warn", PENDING: "accent", EXPIRED: "neutral" } as const;

/** What nobody is told of for a time. Detections and incidents go on all the same. */
export default function Silences() {
  const [view, setView] = useAsked("view", views);
  const minute = new Date(Math.floor(Date.now() / 60_000) * 60_000).toISOString();
  const filter = view === "now" ? { endsAt: { gt: minute } } : {};
  const list = usePages(SilenceListDocument, { filter, first: 50 }, (data) => data.silences, undefined, view);
  const end = useMutation(SilenceEndDocument);
  const mayWrite = useMay("alert.write");
  const [makes, setMakes] = useState(false);
  const [ends, setEnds] = useState<SilenceRowFragment>();

  async function expire(): Promise<void> {
    if (!ends || !(await end.run({ id: ends.id }))) return;
    toast(words.ended);
    setEnds(undefined);
    list.reload();
  }

  const columns: readonly Column<SilenceRowFragment>[] = [
    {
      key: "which",
      head: words.which,
      fill: true,
      cell: ({ matchers, reason, author }) => (
        <div className="two-lines">
          <strong className="wrap">{matchersText(matchers)}</strong>
          <span className="muted wrap">{words.by(reason, author)}</span>
        </div>
      ),
    },
    {
      key: "state",
      head: words.state,
      width: "110px",
      cell: ({ state }) => <Badge tone={tones[state]}>{words.states[state]}</Badge>,
    },
    {
      key: "ends",
      head: words.ends,
      width: "120px",
      from: "tablet",
      cell: ({ endsAt }) => <Time at={endsAt} as="relative" />,
    },
    ...(mayWrite
      ? [
          {
            key: "do",
            head: <span className="hidden-text">{words.actions}</span>,
            width: "80px",
            align: "right" as const,
            cell: (silence: SilenceRowFragment) =>
              silence.state !== "EXPIRED" && (
                <Button small onClick={() => setEnds(silence)}>
                  {words.end}
                </Button>
              ),
          },
        ]
      : []),
  ];

  return (
    <>
      <div className="page-head">
        <h1>{words.title}</h1>
      </div>
      <Panel
        title={words.list}
        lead={words.lead}
        tools={
          <>
            <Choices
              label={words.view}
              value={view}
              onChange={setView}
              options={views.map((value) => ({ value, label: words.views[value] }))}
            />
            {mayWrite && (
              <span className="push">
                <Button icon="plus" onClick={() => setMakes(true)}>
                  {words.add}
                </Button>
              </span>
            )}
          </>
        }
      >
        <Loaded of={list}>
          {() =>
            list.rows.length === 0 ? (
              <Empty text={words.empty} icon="alert" />
            ) : (
              <>
                <Table label={words.list} columns={columns} rows={list.rows} rowKey={({ id }) => id} />
                <More of={list} />
              </>
            )
          }
        </Loaded>
      </Panel>
      {makes && <SilenceForm onClose={() => setMakes(false)} onDone={list.reload} />}
      {ends && (
        <Confirm
          title={words.endTitle}
          text={words.endText(matchersText(ends.matchers))}
          action={words.endNow}
          errors={end.errors}
          busy={end.busy}
          onClose={() => setEnds(undefined)}
          onConfirm={() => void expire()}
        />
      )}
    </>
  );
}
