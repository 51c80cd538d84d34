import { useState } from "react";
import { useMutation } from "../../data/use-mutation.ts";
import { useQuery } from "../../data/use-query.ts";
import { TemplateListDocument, TemplateRemoveDocument, type TemplateRowFragment } from "../../generated/graphql.ts";
import { Button } from "../../parts/button.tsx";
import { Confirm } from "../../parts/confirm.tsx";
import { Panel } from "../../parts/panel.tsx";
import { Empty, Loaded } from "../../parts/states.tsx";
import { type Column, Table } from "../../parts/table.tsx";
import { toast } from "../../parts/toast.tsx";
import { useMay } from "../../session/viewer.ts";
import { channelWords, templateWords as words } from "../../words/channels.ts";
import { words as shared } from "../../words.ts";
import { TemplateForm } from "./template-form.tsx";

/** How alerts read, where Vigil's own words do not fit. */
export function Templates() {
  const list = useQuery(TemplateListDocument, {});
  const remove = useMutation(TemplateRemoveDocument);
  const mayWrite = useMay("alertSettings.write");
  const [edits, setEdits] = useState<TemplateRowFragment | "new">();
  const [removes, setRemoves] = useState<TemplateRowFragment>();

  async function removeIt(): Promise<void> {
    if (!removes || !(await remove.run({ id: removes.id }))) return;
    toast(words.removed);
    setRemoves(undefined);
    list.reload();
  }

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
      cell: ({ channelKind }) => channelWords.kinds[channelKind],
    },
    { key: "locale", head: words.locale, width: "90px", from: "desktop", cell: ({ locale }) => locale },
    ...(mayWrite
      ? [
          {
            key: "do",
            head: <span className="hidden-text">{words.actions}</span>,
            width: "84px",
            cell: (template: TemplateRowFragment) => (
              <div className="row-actions">
                <Button
                  small
                  kind="quiet"
                  icon="edit"
                  label={words.edit(template.name)}
                  onClick={() => setEdits(template)}
                />
                <Button
                  small
                  kind="quiet"
                  icon="trash"
                  label={words.remove(template.name)}
                  onClick={() => setRemoves(template)}
                />
              </div>
            ),
          },
        ]
      : []),
  ];

  return (
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
        {({ alertTemplates }) =>
          alertTemplates.nodes.length === 0 ? (
            <Empty text={words.empty} icon="report" />
          ) : (
            <Table label={words.title} columns={columns} rows={alertTemplates.nodes} rowKey={({ id }) => id} />
          )
        }
      </Loaded>
      {edits && (
        <TemplateForm
          template={edits === "new" ? undefined : edits}
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
    </Panel>
  );
}
