import { useState } from "react";
import { useFeed } from "../../data/feed.ts";
import { decisionFeed } from "../../data/feeds.ts";
import { useAsked, useAskedText } from "../../data/use-asked.ts";
import { useMutation } from "../../data/use-mutation.ts";
import { usePages } from "../../data/use-pages.ts";
import { useSoon } from "../../data/use-soon.ts";
import {
  DecisionEndDocument,
  type DecisionFilter,
  DecisionListDocument,
  type DecisionRowFragment,
} from "../../generated/graphql.ts";
import { Button } from "../../parts/button.tsx";
import { Choices } from "../../parts/choices.tsx";
import { More } from "../../parts/more.tsx";
import { Panel } from "../../parts/panel.tsx";
import { Search } from "../../parts/search.tsx";
import { Empty, Loaded } from "../../parts/states.tsx";
import { Table } from "../../parts/table.tsx";
import { toast } from "../../parts/toast.tsx";
import { useMay } from "../../session/viewer.ts";
import { responseWords } from "../../words/response.ts";
import { words as shared } from "../../words.ts";
import { ReasonDialog } from "../incident/reason-dialog.tsx";
import { decisionColumns } from "./decision-columns.tsx";
import { DecisionDialog } from "./decision-dialog.tsx";
import { NewDecision } from "./new-decision.tsx";

const words = responseWords.decisions;
const views = ["inForce", "over", "all"] as const;
const pageSize = 50;

/** Up to the minute, so that the same question is not another one each time. */
const thisMinute = (): string => new Date(Math.floor(Date.now() / 60_000) * 60_000).toISOString();

function filterOf(view: (typeof views)[number], text: string): DecisionFilter {
  const all: DecisionFilter[] = [];
  const now = thisMinute();
  if (view === "inForce") all.push({ expiresAt: { gt: now } }, { revokedAt: { eq: null } });
  if (view === "over") all.push({ or: [{ expiresAt: { lte: now } }, { revokedAt: { neq: null } }] });
  if (text.trim()) all.push({ value: { contains: text.trim() } });
  return { and: all };
}

/** What enforcers apply now, and what they applied before. */
export function Decisions() {
  const [view, setView] = useAsked("view", views);
  const [text, setText] = useAskedText("value");
  const list = usePages(
    DecisionListDocument,
    { filter: filterOf(view, text), first: pageSize },
    (data) => data.decisions,
    undefined,
    `${view} ${text}`,
  );
  const end = useMutation(DecisionEndDocument);
  const mayWrite = useMay("decision.write");
  const [opened, setOpened] = useState<DecisionRowFragment>();
  const [ends, setEnds] = useState<DecisionRowFragment>();
  const [makes, setMakes] = useState(false);
  useFeed(decisionFeed, useSoon(list.reload, 1_000));

  async function revoke(reason: string): Promise<void> {
    if (!ends || !(await end.run({ id: ends.id, input: { reason } }))) return;
    toast(words.revoked);
    setEnds(undefined);
    list.reload();
  }

  return (
    <Panel
      title={words.title}
      lead={words.lead}
      tools={
        <>
          <Choices
            label={words.view}
            value={view}
            onChange={setView}
            options={views.map((value) => ({ value, label: words.views[value] }))}
          />
          <Search label={words.search} value={text} onChange={setText} />
          {mayWrite && (
            <span className="push">
              <Button icon="plus" onClick={() => setMakes(true)}>
                {words.make}
              </Button>
            </span>
          )}
        </>
      }
    >
      <Loaded of={list}>
        {() =>
          list.rows.length === 0 ? (
            <Empty text={text ? words.noMatch : words.empty[view]} icon="response" />
          ) : (
            <>
              <Table
                label={words.title}
                columns={decisionColumns(mayWrite ? setEnds : undefined)}
                rows={list.rows}
                rowKey={({ id }) => id}
                onOpen={setOpened}
              />
              <More of={list} />
            </>
          )
        }
      </Loaded>
      {opened && (
        <DecisionDialog
          decision={list.rows.find(({ id }) => id === opened.id) ?? opened}
          onClose={() => setOpened(undefined)}
        />
      )}
      {makes && (
        <NewDecision
          onClose={() => setMakes(false)}
          onDone={() => {
            setMakes(false);
            list.reload();
          }}
        />
      )}
      {ends && (
        <ReasonDialog
          title={words.revokeTitle(shared.actionType[ends.type], ends.value)}
          errors={end.errors}
          busy={end.busy}
          onClose={() => setEnds(undefined)}
          onReason={(reason) => void revoke(reason)}
        />
      )}
    </Panel>
  );
}
