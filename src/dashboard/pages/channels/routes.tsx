import { useState } from "react";
import { useMutation } from "../../data/use-mutation.ts";
import { useQuery } from "../../data/use-query.ts";
import { RouteListDocument, RouteRemoveDocument, type RouteRowFragment } from "../../generated/graphql.ts";
import { Badge } from "../../parts/badge.tsx";
import { Button } from "../../parts/button.tsx";
import { Confirm } from "../../parts/confirm.tsx";
import { Panel } from "../../parts/panel.tsx";
import { Empty, Loaded } from "../../parts/states.tsx";
import { type Column, Table } from "../../parts/table.tsx";
import { toast } from "../../parts/toast.tsx";
import { useMay } from "../../session/viewer.ts";
import { routeWords as words } from "../../words/channels.ts";
import { matcherWords } from "../../words/silences.ts";
import { words as shared } from "../../words.ts";
import { matchersText } from "../silences/matchers.tsx";
import { RouteForm } from "./route-form.tsx";
import { RouteWould } from "./route-would.tsx";

/** Which incidents go where, in the order in which routes are asked. */
export function Routes() {
  const list = useQuery(RouteListDocument, {});
  const remove = useMutation(RouteRemoveDocument);
  const mayWrite = useMay("alertSettings.write");
  const [edits, setEdits] = useState<RouteRowFragment | "new">();
  const [removes, setRemoves] = useState<RouteRowFragment>();

  async function removeIt(): Promise<void> {
    if (!removes || !(await remove.run({ id: removes.id }))) return;
    toast(words.removed);
    setRemoves(undefined);
    list.reload();
  }

  const columns: readonly Column<RouteRowFragment>[] = [
    {
      key: "name",
      head: words.name,
      fill: true,
      cell: ({ name, matchers, parent }) => (
        <div className="two-lines">
          <strong className="wrap">{parent ? words.below(parent.name, name) : name}</strong>
          <span className="muted wrap">{matchersText(matchers) || matcherWords.all}</span>
        </div>
      ),
    },
    {
      key: "to",
      head: words.tells,
      width: "260px",
      from: "tablet",
      cell: ({ channels, escalationPolicy }) => (
        <div className="two-lines">
          <span className="wrap">{channels.map(({ name }) => name).join(", ") || words.asParent}</span>
          {escalationPolicy && <span className="muted wrap">{words.thenCalls(escalationPolicy.name)}</span>}
        </div>
      ),
    },
    {
      key: "on",
      head: words.afterwards,
      width: "130px",
      from: "desktop",
      cell: ({ goesOn }) => <Badge>{goesOn ? words.goesOn : words.stops}</Badge>,
    },
    ...(mayWrite
      ? [
          {
            key: "do",
            head: <span className="hidden-text">{words.actions}</span>,
            width: "84px",
            cell: (route: RouteRowFragment) => (
              <div className="row-actions">
                <Button small kind="quiet" icon="edit" label={words.edit(route.name)} onClick={() => setEdits(route)} />
                <Button
                  small
                  kind="quiet"
                  icon="trash"
                  label={words.remove(route.name)}
                  onClick={() => setRemoves(route)}
                />
              </div>
            ),
          },
        ]
      : []),
  ];

  return (
    <>
      <Panel
        title={words.title}
        lead={words.lead}
        tools={
          mayWrite && (
            <span className="push">
              <Button icon="plus" onClick={() => setEdits("new")}>
                {words.add}
              </Button>
            </span>
          )
        }
      >
        <Loaded of={list}>
          {({ alertRoutes }) =>
            alertRoutes.length === 0 ? (
              <Empty text={words.empty} icon="channel" />
            ) : (
              <Table label={words.title} columns={columns} rows={alertRoutes} rowKey={({ id }) => id} />
            )
          }
        </Loaded>
      </Panel>
      <RouteWould />
      {edits && (
        <RouteForm
          route={edits === "new" ? undefined : edits}
          channels={list.data?.alertChannels ?? []}
          onClose={() => setEdits(undefined)}
          onDone={list.reload}
        />
      )}
      {removes && (
        <Confirm
          title={words.remove(removes.name)}
          text={words.removeText}
          action={shared.do.remove}
          errors={remove.errors}
          busy={remove.busy}
          onClose={() => setRemoves(undefined)}
          onConfirm={() => void removeIt()}
        />
      )}
    </>
  );
}
