import type { UserError } from "../../data/use-mutation.ts";
import type { Severity, SubjectKind } from "../../generated/graphql.ts";
import { CheckField, errorAt, SelectField, TextField } from "../../parts/field.tsx";
import { HoursFields } from "../../parts/hours.tsx";
import { responseWords } from "../../words/response.ts";
import { words as shared } from "../../words.ts";
import { Hits } from "./hits.tsx";
import { type ConditionsDraft, listIn, numberIn } from "./rule-draft.ts";

const words = responseWords.rules;
const levels = ["LOW", "MEDIUM", "HIGH", "CRITICAL"] as const;
type Level = Severity | "";
const least = [
  { value: "" as Level, label: words.anySeverity as string },
  ...levels.map((value) => ({
    value: value as Level,
    label: value === "CRITICAL" ? shared.severity[value] : words.andWorse(shared.severity[value]),
  })),
];
const most = [
  { value: "" as Level, label: words.anySeverityMost as string },
  ...levels.map((value) => ({ value: value as Level, label: shared.severity[value] as string })),
];
const kinds = Object.entries(words.subjectKinds) as [SubjectKind, string][];

interface RuleConditionsProps {
  draft: ConditionsDraft;
  onChange: (part: Partial<ConditionsDraft>) => void;
  errors: readonly UserError[];
}

/** On which incidents a rule acts, with how many of the last weeks were as bad as that. */
export function RuleConditions({ draft, onChange, errors }: RuleConditionsProps) {
  const at = (name: string) => errorAt(errors, "input", "conditions", name);
  const narrower =
    listIn(draft.rules).length + listIn(draft.tags).length + draft.subjectKinds.length > 0 ||
    [draft.severityAtMost, draft.scoreAtMost, draft.earlier, draft.times.from, draft.times.to].some(Boolean) ||
    draft.times.days.length > 0;

  function choose(kind: SubjectKind): void {
    const next = new Set(draft.subjectKinds);
    if (!next.delete(kind)) next.add(kind);
    onChange({ subjectKinds: [...next] });
  }

  const field = (name: "scoreAtLeast" | "scoreAtMost" | "rules" | "tags" | "earlier", label: string, hint: string) => (
    <TextField
      label={label}
      hint={hint}
      type={name === "rules" || name === "tags" ? "text" : "number"}
      mono={name === "rules" || name === "tags"}
      value={draft[name]}
      onChange={(value) => onChange({ [name]: value })}
      error={at(name === "earlier" ? "earlierIncidentsAtLeast" : name)}
    />
  );

  return (
    <fieldset className="form-set">
      <legend>{words.when}</legend>
      <div className="form-pair">
        <SelectField
          label={words.severity}
          value={draft.severityAtLeast}
          onChange={(severityAtLeast) => onChange({ severityAtLeast })}
          options={least}
          error={at("severityAtLeast")}
        />
        <SelectField
          label={words.severityMost}
          value={draft.severityAtMost}
          onChange={(severityAtMost) => onChange({ severityAtMost })}
          options={most}
          error={at("severityAtMost")}
        />
      </div>
      <div className="form-pair">
        {field("scoreAtLeast", words.score, words.scoreHint)}
        {field("scoreAtMost", words.scoreMost, words.scoreHint)}
      </div>
      <div className="form-pair">
        {field("rules", words.onlyRules, words.onlyRulesHint)}
        {field("tags", words.onlyTags, words.onlyTagsHint)}
        {field("earlier", words.earlierLabel, words.earlierHint)}
      </div>
      <fieldset className="form-set">
        <legend>{words.subjects}</legend>
        <div className="week-days">
          {kinds.map(([kind, label]) => (
            <CheckField
              key={kind}
              label={label}
              checked={draft.subjectKinds.includes(kind)}
              onChange={() => choose(kind)}
            />
          ))}
        </div>
      </fieldset>
      <fieldset className="form-set">
        <legend>{words.hours}</legend>
        <HoursFields
          hours={draft.times}
          onChange={(part) => onChange({ times: { ...draft.times, ...part } })}
          errors={errors}
          path={["input", "conditions", "times"]}
        />
      </fieldset>
      <Hits severity={draft.severityAtLeast || undefined} score={numberIn(draft.scoreAtLeast)} narrower={narrower} />
    </fieldset>
  );
}
