import { useState } from "react";
import {
  ResponseRuleChangeDocument,
  ResponseRuleMakeDocument,
  type ResponseRuleRowFragment,
  type RuleMode,
} from "../../generated/graphql.ts";
import { errorAt, placeOf, SelectField, TextField } from "../../parts/field.tsx";
import { FormDialog } from "../../parts/form-dialog.tsx";
import { useMakeOrChange } from "../../parts/use-save.ts";
import { responseWords } from "../../words/response.ts";
import { type ActionDraft, actionInput, draftsOf, RuleActions } from "./rule-actions.tsx";
import { RuleConditions } from "./rule-conditions.tsx";
import { conditionsInput, draftOf } from "./rule-draft.ts";

const words = responseWords.rules;
const modes = (["ACTIVE", "MONITOR", "DISABLED"] as const).map((value) => ({
  value: value as RuleMode,
  label: words.modeChoices[value],
}));
const pauses = Object.entries(words.pauses).map(([value, label]) => ({ value, label: label as string }));
interface RuleFormProps {
  rule: ResponseRuleRowFragment | undefined;
  onClose: () => void;
  onDone: () => void;
}

/** A response rule, new or changed. */
export function RuleForm({ rule, onClose, onDone }: RuleFormProps) {
  const [name, setName] = useState(rule?.name ?? "");
  const [mode, setMode] = useState<RuleMode>(rule?.mode ?? "MONITOR");
  const [conditions, setConditions] = useState(draftOf(rule));
  const [coolDown, setCoolDown] = useState<string>(rule?.coolDown ?? "PT0S");
  const [position, setPosition] = useState(rule ? String(rule.position) : "");
  const [actions, setActions] = useState<ActionDraft[]>(draftsOf(rule?.actions));
  const documents = { make: ResponseRuleMakeDocument, change: ResponseRuleChangeDocument };
  const { keep, errors, busy } = useMakeOrChange(rule, documents, words.saved, onDone);
  const at = (...path: string[]) => errorAt(errors, "input", ...path);

  async function save(): Promise<void> {
    const input = {
      name: name.trim(),
      mode,
      coolDown,
      ...(position.trim() === "" ? {} : { position: Math.trunc(Number(position)) }),
      conditions: conditionsInput(conditions),
      actions: actions.map(actionInput),
    };
    await keep(input);
  }

  return (
    <FormDialog
      wide
      title={rule ? words.edit(rule.name) : words.add}
      errors={errors}
      shown={[
        ...["name", "mode", "coolDown", "position"],
        ...errors.map(({ path }) => placeOf(path)).filter((place) => /^(conditions|actions)\./.test(place)),
      ]}
      busy={busy}
      onClose={onClose}
      onSave={() => void save()}
    >
      <div className="form-pair">
        <TextField label={words.name} value={name} onChange={setName} error={at("name")} />
        <SelectField
          label={words.mode}
          hint={words.modeHints[mode]}
          value={mode}
          onChange={setMode}
          options={modes}
          error={at("mode")}
        />
      </div>
      <RuleConditions
        draft={conditions}
        onChange={(part) => setConditions({ ...conditions, ...part })}
        errors={errors}
      />
      <RuleActions actions={actions} onChange={setActions} errors={errors} />
      <div className="form-pair">
        <SelectField
          label={words.coolDown}
          value={coolDown}
          onChange={setCoolDown}
          options={withOwn(coolDown)}
          error={at("coolDown")}
        />
        <TextField
          label={words.position}
          hint={words.positionHint}
          type="number"
          value={position}
          onChange={setPosition}
          error={at("position")}
        />
      </div>
    </FormDialog>
  );
}

/** The usual pauses, and the rule's own where it is none of them. */
function withOwn(own: string): { value: string; label: string }[] {
  return pauses.some(({ value }) => value === own) ? pauses : [...pauses, { value: own, label: own }];
}
