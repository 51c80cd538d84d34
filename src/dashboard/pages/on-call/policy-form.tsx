import { useState } from "react";
import { usePeople } from "../../data/use-people.ts";
import {
  type OnCallListQuery,
  PolicyChangeDocument,
  PolicyMakeDocument,
  type PolicyRowFragment,
} from "../../generated/graphql.ts";
import { errorAt, placeOf, SelectField, TextField } from "../../parts/field.tsx";
import { FormDialog } from "../../parts/form-dialog.tsx";
import { RowsEditor } from "../../parts/rows-editor.tsx";
import { Loaded } from "../../parts/states.tsx";
import { useMakeOrChange } from "../../parts/use-save.ts";
import { policyWords as words } from "../../words/on-call.ts";
import { userWords } from "../../words/users.ts";
import { draftOf, type StepDraft, secondsIn, stepInput } from "./step.ts";
import { freshTarget, StepFields, type Targets } from "./step-fields.tsx";

const roles = (["ADMIN", "RESPONDER", "ANALYST", "AUDITOR", "VIEWER"] as const).map((value) => ({
  value,
  label: userWords.roles[value],
}));
const choices = (all: readonly { id: string; name: string }[]) =>
  all.map(({ id, name }) => ({ value: id, label: name }));

interface PolicyFormProps {
  policy: PolicyRowFragment | undefined;
  given: Pick<OnCallListQuery, "onCallSchedules" | "alertChannels">;
  onClose: () => void;
  onDone: () => void;
}

/** An escalation policy, new or changed: whom it tells step by step. */
export function PolicyForm({ policy, given, onClose, onDone }: PolicyFormProps) {
  const people = usePeople();
  const targets: Targets = {
    SCHEDULE: choices(given.onCallSchedules),
    USER: (people.data ?? []).map(({ email, name }) => ({ value: email, label: name })),
    ROLE: roles,
    CHANNEL: choices(given.alertChannels),
  };
  const [name, setName] = useState(policy?.name ?? "");
  const [steps, setSteps] = useState<StepDraft[]>(
    policy?.steps.map(draftOf) ?? [{ minutes: "5", tell: [freshTarget(targets)] }],
  );
  const [repeats, setRepeats] = useState(String(policy?.repeats ?? 0));
  const timeout = policy?.acknowledgeTimeoutSeconds;
  const [holds, setHolds] = useState(timeout == null ? "" : String(timeout / 60));
  const [fallback, setFallback] = useState(policy?.fallbackChannel?.id ?? "");
  const documents = { make: PolicyMakeDocument, change: PolicyChangeDocument };
  const { keep, errors, busy } = useMakeOrChange(policy, documents, words.saved, () => {
    onDone();
    onClose();
  });
  const at = (field: string) => errorAt(errors, "input", field);

  async function save(): Promise<void> {
    const input = {
      name: name.trim(),
      steps: steps.map((step) => stepInput(step, people.data ?? [])),
      repeats: Math.trunc(Number(repeats)),
      acknowledgeTimeoutSeconds: holds.trim() === "" ? null : secondsIn(holds),
      fallbackChannelId: fallback || null,
    };
    await keep(input);
  }

  return (
    <FormDialog
      wide
      title={policy ? words.edit(policy.name) : words.add}
      errors={errors}
      shown={[
        "name",
        "repeats",
        "acknowledgeTimeoutSeconds",
        "fallbackChannelId",
        ...errors.map(({ path }) => placeOf(path)).filter((place) => /^steps/.test(place)),
      ]}
      busy={busy}
      ready={people.data !== undefined}
      onClose={onClose}
      onSave={() => void save()}
    >
      <TextField label={words.name} value={name} onChange={setName} error={at("name")} />
      <Loaded of={people} lines={3}>
        {() => (
          <RowsEditor
            legend={words.steps}
            noun={words.step}
            least={1}
            isOrdered
            rows={steps}
            onChange={setSteps}
            fresh={() => ({ minutes: "10", tell: [freshTarget(targets)] })}
            error={at("steps")}
          >
            {(step, set, index) => (
              <StepFields
                step={step}
                onChange={set}
                targets={targets}
                isFirst={index === 0}
                errors={errors}
                path={["input", "steps", String(index)]}
              />
            )}
          </RowsEditor>
        )}
      </Loaded>
      <div className="form-pair">
        <TextField label={words.repeats} type="number" value={repeats} onChange={setRepeats} error={at("repeats")} />
        <TextField
          label={words.timeout}
          hint={words.timeoutHint}
          type="number"
          value={holds}
          onChange={setHolds}
          error={at("acknowledgeTimeoutSeconds")}
        />
        <SelectField
          label={words.fallback}
          value={fallback}
          onChange={setFallback}
          options={[{ value: "", label: words.nobody }, ...targets.CHANNEL]}
          error={at("fallbackChannelId")}
        />
      </div>
    </FormDialog>
  );
}
