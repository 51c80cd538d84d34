import type { UserError } from "../../data/use-mutation.ts";
import type { Someone } from "../../data/use-people.ts";
import { errorAt, SelectField, TextField } from "../../parts/field.tsx";
import { HoursList } from "../../parts/hours.tsx";
import { RowsEditor } from "../../parts/rows-editor.tsx";
import { onCallWords as words } from "../../words/on-call.ts";
import type { LayerDraft } from "./layer.ts";

interface LayerFieldsProps {
  layer: LayerDraft;
  onChange: (part: Partial<LayerDraft>) => void;
  everybody: readonly Someone[];
  errors: readonly UserError[];
  path: readonly string[];
}

/** Who takes turns in a layer, for how long each, and when it applies. */
export function LayerFields({ layer, onChange, everybody, errors, path }: LayerFieldsProps) {
  const at = (name: string) => errorAt(errors, ...path, name);
  const free = everybody.find(
    ({ email, suspendedAt }) => !suspendedAt && !layer.people.some((one) => one.email === email),
  );
  const options = everybody.map(({ email, name, suspendedAt }) => ({
    value: email,
    label: suspendedAt ? words.suspended(name) : name,
  }));
  return (
    <>
      <TextField label={words.name} value={layer.name} onChange={(name) => onChange({ name })} error={at("name")} />
      <RowsEditor
        legend={words.people}
        empty={words.noPeople}
        noun={words.person}
        isOrdered
        rows={layer.people}
        onChange={(people) => onChange({ people })}
        fresh={() => ({ email: free?.email ?? everybody[0]?.email ?? "" })}
        error={at("userIds")}
      >
        {({ email }, set, index) => (
          <SelectField
            label={`${words.person} ${index + 1}`}
            value={email}
            onChange={(next) => set({ email: next })}
            options={options}
            error={errorAt(errors, ...path, "userIds", String(index))}
          />
        )}
      </RowsEditor>
      <div className="form-pair">
        <TextField
          label={words.startsOn}
          type="date"
          value={layer.startsOn}
          onChange={(startsOn) => onChange({ startsOn })}
          error={at("startsOn")}
        />
        <TextField
          label={words.handOver}
          type="time"
          value={layer.handOver}
          onChange={(handOver) => onChange({ handOver })}
          error={at("handOver")}
        />
        <TextField
          label={words.turnDays}
          type="number"
          value={layer.turnDays}
          onChange={(turnDays) => onChange({ turnDays })}
          error={at("turnDays")}
        />
      </div>
      <HoursList
        legend={words.hours}
        empty={words.always}
        hours={layer.hours}
        onChange={(hours) => onChange({ hours })}
        errors={errors}
        path={[...path, "hours"]}
      />
    </>
  );
}
