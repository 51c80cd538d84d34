import { useState } from "react";
import { useMutation } from "../../data/use-mutation.ts";
import {
  ResponseRuleChangeDocument,
  ResponseRuleMakeDocument,
  type ResponseRuleRowFragment,
  type RuleMode,
  type Severity,
} from "../../generated/graphql.ts";
import { errorAt, SelectField, TextField } from "../../parts/field.tsx";
import { FormDialog } from "../../parts/form-dialog.tsx";
import { toast } from "../../parts/toast.tsx";
import { responseWords } from "../../words/response.ts";
import { words as shared } from "../../words.ts";
import { Hits } from "./hits.tsx";
import { type ActionDraft, RuleActions } from "./rule-actions.tsx";
import { conditionsOf } from "./rule-text.ts";

const words = responseWords.rules;
const modes = (["ACTIVE", "MONITOR", "DISABLED"] as const).map((value) => ({
  value: value as RuleMode,
  label: words.modeChoices[value],
}));
const severities = [
  { value: "" as Severity | "", label: words.anySeverity },
  ...(["LOW", "MEDIUM", "HIGH", "CRITICAL"] as const).map((value) => ({
    value: value as Severity | "",
    label: value === "CRITICAL" ? shared.severity[value] : words.andWorse(shared.severity[value]),
  })),
];
const pauses = Object.entries(words.pauses).map(([value, label]) => ({ value, label: label as string }));
const lines = (text: string): string[] => text.split(/[\s,]+/).filter(Boolean);
const shownPaths = [
  "name",
  "mode",
  "coolDown",
  "conditions.severityAtLeast",
  "conditions.scoreAtLeast",
  "conditions.rules",
  "conditions.tags",
];

interface RuleFormProps {
  rule: ResponseRuleRowFragment | undefined;
  onClose: () => void;
  onDone: () => void;
}

/** A response rule, new or changed. Conditions that have no field here stay as they are. */
export function RuleForm({ rule, onClose, onDone }: RuleFormProps) {
  const before = conditionsOf(rule?.conditions);
  const [name, setName] = useState(rule?.name ?? "");
  const [mode, setMode] = useState<RuleMode>(rule?.mode ?? "MONITOR");
  const [severity, setSeverity] = useState<Severity | "">(before.severityAtLeast ?? (rule ? "" : "HIGH"));
  const [score, setScore] = useState(before.scoreAtLeast?.toString() ?? "");
  const [rules, setRules] = useState((before.rules ?? []).join(", "));
  const [tags, setTags] = useState((before.tags ?? []).join(", "));
  const [coolDown, setCoolDown] = useState<string>(rule?.coolDown ?? "PT0S");
  const [actions, setActions] = useState<ActionDraft[]>(
    rule?.actions.map(({ type, ttl, approval, target }) => ({
      type,
      ttl: ttl ?? "PT1H",
      approval,
      target: (target ?? "") as ActionDraft["target"],
    })) ?? [{ type: "BLOCK_IP", ttl: "PT1H", approval: true, target: "" }],
  );
  const make = useMutation(ResponseRuleMakeDocument);
  const change = useMutation(ResponseRuleChangeDocument);
  const errors = rule ? change.errors : make.errors;
  const at = (...path: string[]) => errorAt(errors, "input", ...path);
  const scoreAtLeast = score.trim() === "" ? undefined : Number(score);

  async function save(): Promise<void> {
    const { severityAtLeast: _severity, scoreAtLeast: _score, rules: _rules, tags: _tags, ...rest } = before;
    const input = {
      name: name.trim(),
      mode,
      coolDown,
      conditions: {
        ...rest,
        ...(severity ? { severityAtLeast: severity } : {}),
        ...(scoreAtLeast === undefined ? {} : { scoreAtLeast }),
        ...(lines(rules).length > 0 ? { rules: lines(rules) } : {}),
        ...(lines(tags).length > 0 ? { tags: lines(tags) } : {}),
      },
      actions: actions.map(({ type, ttl, approval, target }) => ({
        type,
        approval,
        ...(type === "NOTIFY_ADMIN" ? {} : { ttl }),
        ...(target ? { target } : {}),
      })),
    };
    const done = rule
      ? await change.run({ id: rule.id, input: { ...input, expectedRevision: rule.revision } })
      : await make.run({ input });
    if (!done) return;
    toast(words.saved);
    onDone();
  }

  return (
    <FormDialog
      wide
      title={rule ? words.edit(rule.name) : words.add}
      errors={errors}
      shown={shownPaths.map((path) => `input.${path}`)}
      busy={make.busy || change.busy}
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
      <fieldset className="form-set">
        <legend>{words.when}</legend>
        <div className="form-pair">
          <SelectField
            label={words.severity}
            value={severity}
            onChange={setSeverity}
            options={severities}
            error={at("conditions", "severityAtLeast")}
          />
          <TextField
            label={words.score}
            hint={words.scoreHint}
            type="number"
            value={score}
            onChange={setScore}
            error={at("conditions", "scoreAtLeast")}
          />
        </div>
        <div className="form-pair">
          <TextField
            label={words.onlyRules}
            hint={words.onlyRulesHint}
            mono
            value={rules}
            onChange={setRules}
            error={at("conditions", "rules")}
          />
          <TextField
            label={words.onlyTags}
            hint={words.onlyTagsHint}
            mono
            value={tags}
            onChange={setTags}
            error={at("conditions", "tags")}
          />
        </div>
        <Hits
          severity={severity || undefined}
          score={scoreAtLeast}
          narrower={lines(rules).length + lines(tags).length > 0}
        />
      </fieldset>
      <RuleActions actions={actions} onChange={setActions} errors={errors} />
      <SelectField
        label={words.coolDown}
        value={coolDown}
        onChange={setCoolDown}
        options={withOwn(coolDown)}
        error={at("coolDown")}
      />
    </FormDialog>
  );
}

/** The usual pauses, and the rule's own where it is none of them. */
function withOwn(own: string): { value: string; label: string }[] {
  return pauses.some(({ value }) => value === own) ? pauses : [...pauses, { value: own, label: own }];
}
