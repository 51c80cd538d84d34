import { useQuery } from "../../data/use-query.ts";
import {
  ResponseWebhookListDocument,
  ResponseWebhookRemoveDocument,
  type ResponseWebhookRemoveMutation,
  type ResponseWebhookRowFragment,
} from "../../generated/graphql.ts";
import { Badge } from "../../parts/badge.tsx";
import { Panel } from "../../parts/panel.tsx";
import { useRowChanges } from "../../parts/row-changes.tsx";
import { Empty, Loaded } from "../../parts/states.tsx";
import { type Column, Table } from "../../parts/table.tsx";
import { responseWords } from "../../words/response.ts";
import { WebhookForm } from "./webhook-form.tsx";

const words = responseWords.webhooks;

const shown: readonly Column<ResponseWebhookRowFragment>[] = [
  {
    key: "name",
    head: words.name,
    fill: true,
    cell: ({ name, url }) => (
      <div className="two-lines">
        <strong className="wrap">{name}</strong>
        <span className="muted mono wrap">{url}</span>
      </div>
    ),
  },
  {
    key: "told",
    head: words.told,
    from: "tablet",
    cell: ({ coveredByBaa, needsApproval }) => (
      <span className="row-inline">
        <Badge>{coveredByBaa ? words.names : words.noNames}</Badge>
        {needsApproval && <Badge tone="accent">{words.approved}</Badge>}
      </span>
    ),
  },
];

/** The organization's own systems that responses may call. */
export function Webhooks() {
  const list = useQuery(ResponseWebhookListDocument, {});
  const changes = useRowChanges<ResponseWebhookRowFragment, ResponseWebhookRemoveMutation>({
    words,
    permission: "alertSettings.write",
    document: ResponseWebhookRemoveDocument,
    reload: list.reload,
  });
  return (
    <>
      <Panel title={words.title} lead={words.lead} tools={changes.tools}>
        <Loaded of={list}>
          {({ responseWebhooks }) =>
            responseWebhooks.length === 0 ? (
              <Empty text={words.empty} icon="external" />
            ) : (
              <Table
                label={words.title}
                columns={[...shown, ...changes.column]}
                rows={responseWebhooks}
                rowKey={({ id }) => id}
              />
            )
          }
        </Loaded>
      </Panel>
      {changes.edits && (
        <WebhookForm
          webhook={changes.edits === "new" ? undefined : changes.edits}
          onClose={changes.close}
          onDone={list.reload}
        />
      )}
      {changes.removal}
    </>
  );
}
