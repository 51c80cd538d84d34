import { useQuery } from "../../data/use-query.ts";
import {
  TemplateListDocument,
  TemplateRemoveDocument,
  type TemplateRemoveMutation,
  type TemplateRowFragment,
} from "../../generated/graphql.ts";
import { Panel } from "../../parts/panel.tsx";
import { useRowChanges } from "../../parts/row-changes.tsx";
import { Empty, Loaded } from "../../parts/states.tsx";
import { type Column, Table } from "../../parts/table.tsx";
import { channelWords, templateWords as words } from "../../words/channels.ts";
import { TemplateForm } from "./template-form.tsx";

/** How alerts read, where Vigil's own words do not fit. */
export function Templates() {
  const list = useQuery(TemplateListDocument, {});
  const changes = useRowChanges<TemplateRowFragment, TemplateRemoveMutation>({
    words,
    permission: "alertSettings.write",
    document: TemplateRemoveDocument,
    reload: list.reload,
  });

  const columns: readonly Column<TemplateRowFragment>[] = [
    {
      key: "name",
      head: words.name,
      fill: true,
      cell: ({ name, body }) => (
        <div className="two-lines">
          <strong className="wrap">{name}</strong>
          <span className="muted mono wrap">{body.slice(0, 120)}</span>
        </div>
      ),
    },
    {
      key: "kind",
      head: channelWords.kind,
      width: "140px",
      from: "tablet",
      cell: ({ channelKind, alertKind }) => (
        <div className="two-lines">
          <span>{channelWords.kinds[channelKind]}</span>
          {alertKind && <span className="muted wrap">{words.alertKinds[alertKind]}</span>}
        </div>
      ),
    },
    { key: "locale", head: words.locale, width: "90px", from: "desktop", cell: ({ locale }) => locale },
    ...changes.column,
  ];

  return (
    <Panel title={words.title} lead={words.lead} tools={changes.tools}>
      <Loaded of={list}>
        {({ alertTemplates }) =>
          alertTemplates.nodes.length === 0 ? (
            <Empty text={words.empty} icon="report" />
          ) : (
            <Table label={words.title} columns={columns} rows={alertTemplates.nodes} rowKey={({ id }) => id} />
          )
        }
      </Loaded>
      {changes.edits && (
        <TemplateForm
          template={changes.edits === "new" ? undefined : changes.edits}
          onClose={changes.close}
          onDone={list.reload}
        />
      )}
      {changes.removal}
    </Panel>
  );
}
