import { useState } from "react";
import { usePeople } from "../../data/use-people.ts";
import { ScheduleChangeDocument, ScheduleMakeDocument, type ScheduleRowFragment } from "../../generated/graphql.ts";
import { errorAt, placeOf, TextField } from "../../parts/field.tsx";
import { FormDialog } from "../../parts/form-dialog.tsx";
import { RowsEditor } from "../../parts/rows-editor.tsx";
import { Loaded } from "../../parts/states.tsx";
import { ownZone, TimeZoneField } from "../../parts/time-zone.tsx";
import { useMakeOrChange } from "../../parts/use-save.ts";
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
  const people = usePeople();
  const [name, setName] = useState(schedule?.name ?? "");
  const [timeZone, setTimeZone] = useState(schedule?.timeZone ?? ownZone);
  const [layers, setLayers] = useState<LayerDraft[]>(
    schedule?.layers.map(draftOf) ?? [freshLayer(words.firstLayer, new Date())],
  );
  const documents = { make: ScheduleMakeDocument, change: ScheduleChangeDocument };
  const { keep, errors, busy } = useMakeOrChange(schedule, documents, words.saved, () => {
    onDone();
    onClose();
  });

  async function save(): Promise<void> {
    const input = {
      name: name.trim(),
      timeZone,
      layers: layers.map((layer) => layerInput(layer, people.data ?? [])),
    };
    await keep(input);
  }

  return (
    <FormDialog
      wide
      title={schedule ? words.edit(schedule.name) : words.add}
      errors={errors}
      shown={["name", "timeZone", ...errors.map(({ path }) => placeOf(path)).filter((place) => /^layers/.test(place))]}
      busy={busy}
      ready={people.data !== undefined}
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
      <Loaded of={people} lines={3}>
        {(everybody) => (
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
                everybody={everybody}
                errors={errors}
                path={["input", "layers", String(index)]}
              />
            )}
          </RowsEditor>
        )}
      </Loaded>
    </FormDialog>
  );
}
