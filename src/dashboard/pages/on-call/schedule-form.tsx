import { useState } from "react";
import { useMutation } from "../../data/use-mutation.ts";
import { usePeople } from "../../data/use-people.ts";
import { ScheduleChangeDocument, ScheduleMakeDocument, type ScheduleRowFragment } from "../../generated/graphql.ts";
import { errorAt, placeOf, TextField } from "../../parts/field.tsx";
import { FormDialog } from "../../parts/form-dialog.tsx";
import { RowsEditor } from "../../parts/rows-editor.tsx";
import { ownZone, TimeZoneField } from "../../parts/time-zone.tsx";
import { toast } from "../../parts/toast.tsx";
import { onCallWords as words } from "../../words/on-call.ts";
import { draftOf, freshLayer, type LayerDraft, layerInput } from "./layer.ts";
import { LayerFields } from "./layer-fields.tsx";

interface ScheduleFormProps {
  schedule: ScheduleRowFragment | undefined;
  onClose: () => void;
  onDone: () => void;
}

/** A schedule, new or changed: its layers of people who take turns. */
export function ScheduleForm({ schedule, onClose, onDone }: ScheduleFormProps) {
  const everybody = usePeople();
  const [name, setName] = useState(schedule?.name ?? "");
  const [timeZone, setTimeZone] = useState(schedule?.timeZone ?? ownZone);
  const [layers, setLayers] = useState<LayerDraft[]>(
    schedule?.layers.map(draftOf) ?? [freshLayer(words.firstLayer, new Date())],
  );
  const make = useMutation(ScheduleMakeDocument);
  const change = useMutation(ScheduleChangeDocument);
  const errors = schedule ? change.errors : make.errors;

  async function save(): Promise<void> {
    const input = {
      name: name.trim(),
      timeZone,
      layers: layers.map((layer) => layerInput(layer, everybody ?? [])),
    };
    const done = schedule
      ? await change.run({ id: schedule.id, input: { ...input, expectedRevision: schedule.revision } })
      : await make.run({ input });
    if (!done) return;
    toast(words.saved);
    onDone();
    onClose();
  }

  return (
    <FormDialog
      wide
      title={schedule ? words.edit(schedule.name) : words.add}
      errors={errors}
      shown={["name", "timeZone", ...errors.map(({ path }) => placeOf(path)).filter((place) => /^layers/.test(place))]}
      busy={make.busy || change.busy || everybody === undefined}
      onClose={onClose}
      onSave={() => void save()}
    >
      <div className="form-pair">
        <TextField label={words.name} value={name} onChange={setName} error={errorAt(errors, "input", "name")} />
        <TimeZoneField
          label={words.timeZone}
          hint={words.timeZoneHint}
          value={timeZone}
          onChange={setTimeZone}
          error={errorAt(errors, "input", "timeZone")}
        />
      </div>
      <RowsEditor
        legend={words.layersLegend}
        noun={words.layer}
        least={1}
        isOrdered
        rows={layers}
        onChange={setLayers}
        fresh={() => freshLayer("", new Date())}
        error={errorAt(errors, "input", "layers")}
      >
        {(layer, set, index) => (
          <LayerFields
            layer={layer}
            onChange={set}
            everybody={everybody ?? []}
            errors={errors}
            path={["input", "layers", String(index)]}
          />
        )}
      </RowsEditor>
    </FormDialog>
  );
}
