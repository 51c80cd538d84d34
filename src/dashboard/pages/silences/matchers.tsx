import type { UserError } from "../../data/use-mutation.ts";
import type { MatcherField, MatcherOperator, MatcherRowFragment, Severity } from "../../generated/graphql.ts";
import { Button } from "../../parts/button.tsx";
import { errorAt, SelectField, TextField } from "../../parts/field.tsx";
import { useRowFocus } from "../../parts/use-row-focus.ts";
import { matcherWords as words } from "../../words/silences.ts";
import { words as shared } from "../../words.ts";

const fields = Object.entries(words.fields).map(([value, label]) => ({ value: value as MatcherField, label }));
const severities = Object.entries(shared.severity).map(([value, label]) => ({ value: value as string, label }));
const operatorsOf = (field: MatcherField): { value: MatcherOperator; label: string }[] =>
  (Object.entries(words.operators) as [MatcherOperator, string][])
    .filter(([value]) =>
      field === "SEVERITY" ? ["AT_LEAST", "EQUALS", "NOT_EQUALS"].includes(value) : value !== "AT_LEAST",
    )
    .map(([value, label]) => ({ value, label }));

/** The conditions in words: Severity is at least High. */
export function matchersText(matchers: readonly MatcherRowFragment[]): string {
  return matchers
    .map(({ field, operator, value }) => {
      const said = field === "SEVERITY" ? (shared.severity[value as Severity] ?? value) : value;
      return `${words.fields[field]} ${words.operators[operator]} ${said}`;
    })
    .join(" · ");
}

interface MatchersProps {
  legend: string;
  matchers: readonly MatcherRowFragment[];
  onChange: (matchers: MatcherRowFragment[]) => void;
  errors: readonly UserError[];
  /** Whether none at all is an answer. */
  mayBeEmpty?: boolean;
}

/** Conditions on an incident, of which all must hold. */
export function Matchers({ legend, matchers, onChange, errors, mayBeEmpty = false }: MatchersProps) {
  const { list, focusOn } = useRowFocus();
  const set = (index: number, part: Partial<MatcherRowFragment>): void =>
    onChange(matchers.map((matcher, at) => (at === index ? { ...matcher, ...part } : matcher)));

  function choose(index: number, field: MatcherField): void {
    if (field === "SEVERITY") set(index, { field, operator: "AT_LEAST", value: "HIGH" });
    else
      set(index, {
        field,
        operator: "EQUALS",
        value: matchers[index]?.field === "SEVERITY" ? "" : (matchers[index]?.value ?? ""),
      });
  }

  return (
    <fieldset ref={list} className="form-set">
      <legend>{legend}</legend>
      {matchers.length === 0 && <p className="muted small">{words.all}</p>}
      {matchers.map(({ field, operator, value }, index) => {
        const error =
          errorAt(errors, "input", "matchers", String(index), "value") ??
          errorAt(errors, "input", "matchers", String(index));
        return (
          // conditions have no id of their own, and their order is theirs
          <div key={index} className="matcher" data-row>
            <SelectField label={words.field} value={field} onChange={(next) => choose(index, next)} options={fields} />
            <SelectField
              label={words.operator}
              value={operator}
              onChange={(next) => set(index, { operator: next })}
              options={operatorsOf(field)}
            />
            {field === "SEVERITY" ? (
              <SelectField
                label={words.value}
                value={value}
                onChange={(next) => set(index, { value: next })}
                options={severities}
                error={error}
              />
            ) : (
              <TextField
                label={words.value}
                value={value}
                onChange={(next) => set(index, { value: next })}
                error={error}
              />
            )}
            {(mayBeEmpty || matchers.length > 1) && (
              <Button
                kind="quiet"
                icon="trash"
                label={words.remove(index + 1)}
                onClick={() => {
                  focusOn("remove", index);
                  onChange(matchers.filter((_, at) => at !== index));
                }}
                data-row-remove
              />
            )}
          </div>
        );
      })}
      <div>
        <Button
          small
          icon="plus"
          onClick={() => {
            focusOn("field", matchers.length);
            onChange([...matchers, { field: "SUBJECT", operator: "EQUALS", value: "" }]);
          }}
          data-row-add
        >
          {words.add}
        </Button>
      </div>
    </fieldset>
  );
}
