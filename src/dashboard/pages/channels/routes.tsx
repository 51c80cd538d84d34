import { useQuery } from "../../data/use-query.ts";
import {
  RouteListDocument,
  RouteRemoveDocument,
  type RouteRemoveMutation,
  type RouteRowFragment,
} from "../../generated/graphql.ts";
import { Badge } from "../../parts/badge.tsx";
import { Panel } from "../../parts/panel.tsx";
import { useRowChanges } from "../../parts/row-changes.tsx";
import { Empty, Loaded } from "../../parts/states.tsx";
import { type Column, Table } from "../../parts/table.tsx";
import { routeWords as words } from "../../words/channels.ts";
import { matcherWords } from "../../words/silences.ts";
import { matchersText } from "../silences/matchers.tsx";
import { RouteForm } from "./route-form.tsx";
import { RouteWould } from "./route-would.tsx";

/** Which incidents go where, in the order in which routes are asked. */
export function Routes() {
  const list = useQuery(RouteListDocument, {});
  const changes = useRowChanges<RouteRowFragment, RouteRemoveMutation>({
    words,
    permission: "alertSettings.write",
    document: RouteRemoveDocument,
    reload: list.reload,
  });

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
    ...changes.column,
  ];

  return (
    <>
      <Panel title={words.title} lead={words.lead} tools={changes.tools}>
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
      {changes.edits && list.data && (
        <RouteForm
          route={changes.edits === "new" ? undefined : changes.edits}
          given={list.data}
          onClose={changes.close}
          onDone={list.reload}
        />
      )}
      {changes.removal}
    </>
  );
}
