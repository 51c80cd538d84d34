import { useQuery } from "../../data/use-query.ts";
import {
  ResponseRuleListDocument,
  ResponseRuleRemoveDocument,
  type ResponseRuleRemoveMutation,
  type ResponseRuleRowFragment,
} from "../../generated/graphql.ts";
import { Badge, type Tone } from "../../parts/badge.tsx";
import { Panel } from "../../parts/panel.tsx";
import { useRowChanges } from "../../parts/row-changes.tsx";
import { Empty, Loaded } from "../../parts/states.tsx";
import { type Column, Table } from "../../parts/table.tsx";
import { responseWords } from "../../words/response.ts";
import { RuleForm } from "./rule-form.tsx";
import { actionText, conditionsText } from "./rule-text.ts";
import { Webhooks } from "./webhooks.tsx";
import { Would } from "./would.tsx";

const words = responseWords.rules;
const tones: Record<ResponseRuleRowFragment["mode"], Tone> = { ACTIVE: "good", MONITOR: "warn", DISABLED: "neutral" };

/** What Vigil does by itself, in the order in which the rules are asked. */
export function Rules() {
  const list = useQuery(ResponseRuleListDocument, {});
  const changes = useRowChanges<ResponseRuleRowFragment, ResponseRuleRemoveMutation>({
    words,
    permission: "respond.write",
    document: ResponseRuleRemoveDocument,
    reload: list.reload,
  });

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
    ...changes.column,
  ];

  return (
    <>
      <Panel title={words.title} lead={words.lead} tools={changes.tools}>
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
      <Webhooks />
      <Would />
      {changes.edits && (
        <RuleForm
          rule={changes.edits === "new" ? undefined : changes.edits}
          onClose={changes.close}
          onDone={() => {
            changes.close();
            list.reload();
          }}
        />
      )}
      {changes.removal}
    </>
  );
}
