import { useState } from "react";
import { useMutation } from "../../data/use-mutation.ts";
import { usePeople } from "../../data/use-people.ts";
import { OverrideMakeDocument } from "../../generated/graphql.ts";
import { errorAt, SelectField, TextField } from "../../parts/field.tsx";
import { FormDialog } from "../../parts/form-dialog.tsx";
import { momentOf } from "../../parts/moment.ts";
import { Failed } from "../../parts/states.tsx";
import { toast } from "../../parts/toast.tsx";
import { onCallWords as words } from "../../words/on-call.ts";

interface OverrideFormProps {
  schedule: { id: string; name: string };
  onClose: () => void;
  onDone: () => void;
}

const iso = (text: string): string => (text ? momentOf(text) : new Date().toISOString());

/** One person in the place of whoever would be on call. */
export function OverrideForm({ schedule, onClose, onDone }: OverrideFormProps) {
  const everybody = usePeople();
  const people = (everybody.data ?? []).filter(({ suspendedAt }) => !suspendedAt);
  const [chosen, setChosen] = useState("");
  const [from, setFrom] = useState("");
  const [to, setTo] = useState("");
  const { run, errors, busy } = useMutation(OverrideMakeDocument);
  const userId = chosen || people[0]?.id || "";

  async function save(): Promise<void> {
    if (!(await run({ input: { scheduleId: schedule.id, userId, startsAt: iso(from), endsAt: iso(to) } }))) return;
    toast(words.overrideMade);
    onDone();
    onClose();
  }

  return (
    <FormDialog
      title={words.overrideTitle(schedule.name)}
      errors={errors}
      shown={["input.userId", "input.startsAt", "input.endsAt"]}
      busy={busy}
      ready={everybody.data !== undefined}
      onClose={onClose}
      onSave={() => void save()}
    >
      {everybody.error ? (
        <Failed error={everybody.error} onAgain={everybody.reload} />
      ) : (
        <SelectField
          label={words.who}
          value={userId}
          onChange={setChosen}
          options={people.map(({ id, name }) => ({ value: id, label: name }))}
          error={errorAt(errors, "input", "userId")}
        />
      )}
      <div className="form-pair">
        <TextField
          label={words.fromLabel}
          hint={words.fromHint}
          type="datetime-local"
          value={from}
          onChange={setFrom}
          error={errorAt(errors, "input", "startsAt")}
        />
        <TextField
          label={words.toLabel}
          type="datetime-local"
          value={to}
          onChange={setTo}
          error={errorAt(errors, "input", "endsAt")}
        />
      </div>
    </FormDialog>
  );
}
