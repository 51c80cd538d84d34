import type { UserError } from "../../data/use-mutation.ts";
import { useQuery } from "../../data/use-query.ts";
import {
  type ActionType,
  type ResponseRuleActionInput,
  type ResponseRuleRowFragment,
  type ResponseTargetKind,
  ResponseWebhookNamesDocument,
} from "../../generated/graphql.ts";
import { Button } from "../../parts/button.tsx";
import { CheckField, errorAt, SelectField } from "../../parts/field.tsx";
import { useRowFocus } from "../../parts/use-row-focus.ts";
import { incidentWords } from "../../words/incident.ts";
import { responseWords } from "../../words/response.ts";
import { words as shared } from "../../words.ts";

const words = responseWords.rules;
const types = Object.entries(shared.actionType).map(([value, label]) => ({ value: value as ActionType, label }));
const ttls = Object.entries(incidentWords.ttls).map(([value, label]) => ({ value, label: label as string }));

/** To what each action can be done besides its usual target; the server knows it, too. */
const fits: Partial<Record<ActionType, readonly ResponseTargetKind[]>> = {
  SUSPEND_USER: ["USER", "SESSION"],
  INCREASE_MONITORING: ["USER", "ADDRESS"],
  FORCE_MFA: ["USER", "SESSION"],
};
const timeless: readonly ActionType[] = ["NOTIFY_ADMIN", "ASK_USER"]; // the latter lasts 24 hours, always

const targetsOf = (type: ActionType, own: ResponseTargetKind | "") => [
  { value: "" as ResponseTargetKind | "", label: words.targets.USUAL as string },
  ...[...new Set([...(fits[type] ?? []), ...(own ? [own] : [])])].map((value) => ({
    value,
    label: words.targets[value],
  })),
];
const fresh: ActionDraft = { type: "NOTIFY_ADMIN", ttl: "PT1H", approval: false, target: "", webhook: "" };

/** An action as the form holds it; an empty target: the usual ones. */
export interface ActionDraft {
  type: ActionType;
  ttl: string;
  approval: boolean;
  target: ResponseTargetKind | "";
  /** Of CALL_WEBHOOK: which, by name. */
  webhook: string;
}

/** What the rule's actions are in its form; a new rule blocks for an hour once somebody has agreed. */
export function draftsOf(actions: ResponseRuleRowFragment["actions"] | undefined): ActionDraft[] {
  const drafts = actions?.map(({ type, ttl, approval, target, webhook }) => ({
    type,
    ttl: ttl ?? "PT1H",
    approval,
    target: (target ?? "") as ActionDraft["target"],
    webhook: webhook ?? "",
  }));
  return drafts ?? [{ ...fresh, type: "BLOCK_IP", approval: true }];
}

/** As the API takes it. */
export function actionInput({ type, ttl, approval, target, webhook }: ActionDraft): ResponseRuleActionInput {
  return {
    type,
    approval,
    ...(timeless.includes(type) ? {} : { ttl }),
    ...(target ? { target } : {}),
    ...(type === "CALL_WEBHOOK" && webhook ? { webhook } : {}),
  };
}

interface RuleActionsProps {
  actions: readonly ActionDraft[];
  onChange: (actions: ActionDraft[]) => void;
  errors: readonly UserError[];
}

/** What a rule does: one or several actions, each for a time and with or without approval. */
export function RuleActions({ actions, onChange, errors }: RuleActionsProps) {
  const { list, focusOn } = useRowFocus();
  const found = useQuery(ResponseWebhookNamesDocument, {});
  const webhooks = found.data?.responseWebhooks.map(({ name }) => name) ?? [];
  const webhooksWith = (own: string) => [
    ...(own === "" ? [{ value: "", label: found.data && webhooks.length === 0 ? words.noWebhook : "–" }] : []),
    ...[...new Set([...webhooks, ...(own ? [own] : [])])].map((name) => ({ value: name, label: name })),
  ];
  const set = (index: number, part: Partial<ActionDraft>): void =>
    onChange(actions.map((action, at) => (at === index ? { ...action, ...part } : action)));
  return (
    <fieldset ref={list} className="form-set">
      <legend>{words.does}</legend>
      {actions.map((action, index) => (
        // actions have no id of their own, and their order is theirs
        <div key={index} className="rule-action" data-row>
          <SelectField
            label={words.action}
            value={action.type}
            onChange={(type) => set(index, { type, target: "" })}
            options={types}
            error={errorAt(errors, "input", "actions", String(index), "type")}
          />
          {!timeless.includes(action.type) && (
            <SelectField
              label={incidentWords.ttl}
              value={action.ttl}
              onChange={(ttl) => set(index, { ttl })}
              options={
                ttls.some(({ value }) => value === action.ttl)
                  ? ttls
                  : [...ttls, { value: action.ttl, label: action.ttl }]
              }
              error={errorAt(errors, "input", "actions", String(index), "ttl")}
            />
          )}
          {(fits[action.type] || action.target) && (
            <SelectField
              label={words.target}
              value={action.target}
              onChange={(target) => set(index, { target })}
              options={targetsOf(action.type, action.target)}
              error={errorAt(errors, "input", "actions", String(index), "target")}
            />
          )}
          {action.type === "CALL_WEBHOOK" && (
            <SelectField
              label={words.webhook}
              value={action.webhook}
              onChange={(webhook) => set(index, { webhook })}
              options={webhooksWith(action.webhook)}
              error={errorAt(errors, "input", "actions", String(index), "webhook") ?? found.error?.message}
            />
          )}
          <div className="rule-approval">
            <CheckField
              label={words.approval}
              checked={action.approval}
              onChange={(approval) => set(index, { approval })}
            />
          </div>
          {actions.length > 1 && (
            <Button
              kind="quiet"
              icon="trash"
              label={words.removeAction(index + 1)}
              onClick={() => {
                focusOn("remove", index);
                onChange(actions.filter((_, at) => at !== index));
              }}
              data-row-remove
            />
          )}
        </div>
      ))}
      <div>
        <Button
          small
          icon="plus"
          onClick={() => {
            focusOn("field", actions.length);
            onChange([...actions, fresh]);
          }}
          data-row-add
        >
          {words.addAction}
        </Button>
      </div>
    </fieldset>
  );
}
