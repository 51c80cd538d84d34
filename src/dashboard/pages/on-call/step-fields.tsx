import type { UserError } from "../../data/use-mutation.ts";
import type { EscalationTargetKind } from "../../generated/graphql.ts";
import { errorAt, SelectField, TextField } from "../../parts/field.tsx";
import { RowsEditor } from "../../parts/rows-editor.tsx";
import { policyWords as words } from "../../words/on-call.ts";
import type { StepDraft, TargetDraft } from "./step.ts";

type Choice = { value: string; label: string };
/** What a step may tell, by kind; of channels also what people are told on. */
export type Targets = Record<EscalationTargetKind, readonly Choice[]>;

const kinds = Object.entries(words.kinds).map(([value, label]) => ({ value: value as EscalationTargetKind, label }));
const names = { SCHEDULE: "scheduleId", USER: "userId", ROLE: "role", CHANNEL: "channelId" } as const;

interface StepFieldsProps {
  step: StepDraft;
  onChange: (part: Partial<StepDraft>) => void;
  targets: Targets;
  isFirst: boolean;
  errors: readonly UserError[];
  path: readonly string[];
}

/** A target of the first kind that there is any of. */
export function freshTarget(targets: Targets): TargetDraft {
  const kind = kinds.find(({ value }) => targets[value].length > 0)?.value ?? "ROLE";
  return { kind, which: targets[kind][0]?.value ?? "", via: "" };
}

/** When a step comes, and whom it tells. */
export function StepFields({ step, onChange, targets, isFirst, errors, path }: StepFieldsProps) {
  return (
    <>
      <TextField
        label={isFirst ? words.firstDelay : words.delay}
        type="number"
        value={step.minutes}
        onChange={(minutes) => onChange({ minutes })}
        error={errorAt(errors, ...path, "delaySeconds")}
      />
      <RowsEditor
        legend={words.tells}
        noun={words.target}
        least={1}
        rows={step.tell}
        onChange={(tell) => onChange({ tell })}
        fresh={() => freshTarget(targets)}
        error={errorAt(errors, ...path, "tell")}
      >
        {({ kind, which, via }, set, index) => {
          const place = [...path, "tell", String(index)];
          const choices = targets[kind].length > 0 ? targets[kind] : [{ value: "", label: words.none[kind] }];
          return (
            <div className="form-pair">
              <SelectField
                label={words.kind}
                value={kind}
                onChange={(next) => set({ kind: next, which: targets[next][0]?.value ?? "", via: "" })}
                options={kinds}
                error={errorAt(errors, ...place)}
              />
              <SelectField
                label={words.which}
                value={which}
                onChange={(next) => set({ which: next })}
                options={choices}
                error={errorAt(errors, ...place, names[kind])}
              />
              {kind !== "CHANNEL" && (
                <SelectField
                  label={words.via}
                  value={via}
                  onChange={(next) => set({ via: next })}
                  options={[{ value: "", label: words.viaAll }, ...targets.CHANNEL]}
                  error={errorAt(errors, ...place, "viaChannelId")}
                />
              )}
            </div>
          );
        }}
      </RowsEditor>
    </>
  );
}
