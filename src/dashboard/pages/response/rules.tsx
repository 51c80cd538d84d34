import { useState } from "react";
import { useMutation } from "../../data/use-mutation.ts";
import { useQuery } from "../../data/use-query.ts";
import {
  ResponseRuleListDocument,
  ResponseRuleRemoveDocument,
  type ResponseRuleRowFragment,
} from "../../generated/graphql.ts";
import { Badge, type Tone } from "../../parts/badge.tsx";
import { Button } from "../../parts/button.tsx";
import { Confirm } from "../../parts/confirm.tsx";
import { Panel } from "../../parts/panel.tsx";
import { Empty, Loaded } from "../../parts/states.tsx";
import { type Column, Table } from "../../parts/table.tsx";
import { toast } from "../../parts/toast.tsx";
import { useMay } from "../../session/viewer.ts";
import { responseWords } from "../../words/response.ts";
import { words as shared } from "../../words.ts";
import { RuleForm } from "./rule-form.tsx";
import { actionText, conditionsText } from "./rule-text.ts";
import { Would } from "./would.tsx";

const words = responseWords.rules;
const tones: Record<ResponseRuleRowFragment["mode"], Tone> = { ACTIVE: "good", MONITOR: "warn", DISABLED: "neutral" };

/** What Vigil does by itself, in the order in which the rules are asked. */
export function Rules() {
  const list = useQuery(ResponseRuleListDocument, {});
  const remove = useMutation(ResponseRuleRemoveDocument);
  const mayWrite = useMay("respond.write");
  const [edits, setEdits] = useState<ResponseRuleRowFragment | "new">();
  const [removes, setRemoves] = useState<ResponseRuleRowFragment>();

  async function removeIt(): Promise<void> {
    if (!removes || !(await remove.run({ id: removes.id }))) return;
    toast(words.removed);
    setRemoves(undefined);
    list.reload();
  }

  const columns: readonly Column<ResponseRuleRowFragment>[] = [
    {
      key: "name",
      head: words.name,
      fill: true,
      cell: ({ name, conditions }) => (
        <div className="two-lines">
          <strong className="wrap">{name}</strong>
          <span className="muted wrap">{conditionsText(conditions)}</span>
        </div>
      ),
    },
    {
      key: "does",
      head: words.does,
      from: "tablet",
      cell: ({ actions }) => (
        <ul>
          {actions.map((action) => (
            <li key={actionText(action)} className="wrap">
              {actionText(action)}
            </li>
          ))}
        </ul>
      ),
    },
    {
      key: "mode",
      head: words.mode,
      width: "110px",
      cell: ({ mode }) => <Badge tone={tones[mode]}>{words.modes[mode]}</Badge>,
    },
    ...(mayWrite
      ? [
          {
            key: "do",
            head: <span className="hidden-text">{words.actions}</span>,
            width: "84px",
            cell: (rule: ResponseRuleRowFragment) => (
              <div className="row-actions">
                <Button small kind="quiet" icon="edit" label={words.edit(rule.name)} onClick={() => setEdits(rule)} />
                <Button
                  small
                  kind="quiet"
                  icon="trash"
                  label={words.remove(rule.name)}
                  onClick={() => setRemoves(rule)}
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
          {({ responseRules }) =>
            responseRules.length === 0 ? (
              <Empty text={words.empty} icon="response" />
            ) : (
              <Table label={words.title} columns={columns} rows={responseRules} rowKey={({ id }) => id} />
            )
          }
        </Loaded>
      </Panel>
      <Would />
      {edits && (
        <RuleForm
          rule={edits === "new" ? undefined : edits}
          onClose={() => setEdits(undefined)}
          onDone={() => {
            setEdits(undefined);
            list.reload();
          }}
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
