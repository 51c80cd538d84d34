import type { UserError } from "../../data/use-mutation.ts";
import type { ActionType, ResponseTargetKind } from "../../generated/graphql.ts";
import { Button } from "../../parts/button.tsx";
import { CheckField, errorAt, SelectField } from "../../parts/field.tsx";
import { incidentWords } from "../../words/incident.ts";
import { responseWords } from "../../words/response.ts";
import { words as shared } from "../../words.ts";

const words = responseWords.rules;
const types = Object.entries(shared.actionType).map(([value, label]) => ({ value: value as ActionType, label }));
const ttls = Object.entries(incidentWords.ttls).map(([value, label]) => ({ value, label: label as string }));

/** An action as the form holds it; an empty target: the usual ones. */
export interface ActionDraft {
  type: ActionType;
  ttl: string;
  approval: boolean;
  target: ResponseTargetKind | "";
}

interface RuleActionsProps {
  actions: readonly ActionDraft[];
  onChange: (actions: ActionDraft[]) => void;
  errors: readonly UserError[];
}

/** What a rule does: one or several actions, each for a time and with or without approval. */
export function RuleActions({ actions, onChange, errors }: RuleActionsProps) {
  const set = (index: number, part: Partial<ActionDraft>): void =>
    onChange(actions.map((action, at) => (at === index ? { ...action, ...part } : action)));
  return (
    <fieldset className="form-set">
      <legend>{words.does}</legend>
      {actions.map((action, index) => (
        // actions have no id of their own, and their order is theirs
        <div key={index} className="rule-action">
          <SelectField
            label={words.action}
            value={action.type}
            onChange={(type) => set(index, { type })}
            options={types}
            error={errorAt(errors, "input", "actions", String(index), "type")}
          />
          {action.type !== "NOTIFY_ADMIN" && (
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
              onClick={() => onChange(actions.filter((_, at) => at !== index))}
            />
          )}
        </div>
      ))}
      <div>
        <Button
          small
          icon="plus"
          onClick={() => onChange([...actions, { type: "NOTIFY_ADMIN", ttl: "PT1H", approval: false, target: "" }])}
        >
          {words.addAction}
        </Button>
      </div>
    </fieldset>
  );
}
