import { useState } from "react";
import { useMutation } from "../../data/use-mutation.ts";
import type { QueryState } from "../../data/use-query.ts";
import {
  type IncidentFilter,
  SavedFilterKeepDocument,
  type SavedFilterListQuery,
  SavedFilterRemoveDocument,
} from "../../generated/graphql.ts";
import { Button } from "../../parts/button.tsx";
import { Confirm } from "../../parts/confirm.tsx";
import { CheckField, errorAt, TextField } from "../../parts/field.tsx";
import { FormDialog } from "../../parts/form-dialog.tsx";
import { toast } from "../../parts/toast.tsx";
import { useMay, useViewer } from "../../session/viewer.ts";
import { incidentsWords } from "../../words/incidents.ts";
import { words as common } from "../../words.ts";
import type { Asked } from "./filter.ts";

const words = incidentsWords.saved;

type Saved = SavedFilterListQuery["savedFilters"][number];

interface SavedFiltersProps {
  asked: Asked;
  saved: QueryState<SavedFilterListQuery>;
  filter: IncidentFilter;
  /** By what the list is sorted. */
  order: string;
  onChoose: (id: string) => void;
}

/** Filters that were kept, one's own and those of others; what is shown can be kept, too. */
export function SavedFilters({ asked, saved, filter, order, onChoose }: SavedFiltersProps) {
  const viewer = useViewer();
  const remove = useMutation(SavedFilterRemoveDocument);
  const [keeps, setKeeps] = useState(false);
  const [forgets, setForgets] = useState(false);
  const all = saved.data?.savedFilters ?? [];
  const chosen = all.find(({ id }) => id === asked.saved);

  async function forget(): Promise<void> {
    if (!chosen) return;
    if (!(await remove.run({ id: chosen.id }))) return;
    setForgets(false);
    toast(words.removed);
    onChoose("");
    saved.reload();
  }

  return (
    <>
      {all.length > 0 && (
        <select
          className="input"
          aria-label={words.choose}
          value={chosen?.id ?? ""}
          onChange={(event) => onChoose(event.target.value)}
        >
          <option value="">{words.none}</option>
          {all.map((one) => (
            <option key={one.id} value={one.id} disabled={isWithheld(one)}>
              {nameOf(one, viewer.name)}
            </option>
          ))}
        </select>
      )}
      {viewer.kind === "USER" &&
        (chosen?.owner === viewer.name ? (
          <Button kind="quiet" onClick={() => setForgets(true)}>
            {words.remove}
          </Button>
        ) : (
          <Button kind="quiet" onClick={() => setKeeps(true)}>
            {words.keep}
          </Button>
        ))}
      {forgets && chosen && (
        <Confirm
          title={words.removeTitle(chosen.name)}
          text={chosen.shared ? words.removeShared : words.removeOwn}
          action={common.do.remove}
          errors={remove.errors}
          busy={remove.busy}
          onClose={() => setForgets(false)}
          onConfirm={() => void forget()}
        />
      )}
      {keeps && (
        <KeepFilter
          filter={filter}
          order={order}
          onClose={() => setKeeps(false)}
          onDone={(id) => {
            saved.reload();
            onChoose(id);
          }}
        />
      )}
    </>
  );
}

/** Whether it looks for something that whoever reads it may not see: it would find nothing. */
const isWithheld = ({ filter }: Saved): boolean => JSON.stringify(filter).includes('"[withheld]"');

function nameOf(saved: Saved, me: string): string {
  if (saved.owner === me) return saved.name;
  return isWithheld(saved) ? words.withheld(saved.name, saved.owner) : words.shared(saved.name, saved.owner);
}

interface KeepFilterProps {
  filter: IncidentFilter;
  order: string;
  onClose: () => void;
  onDone: (id: string) => void;
}

function KeepFilter({ filter, order, onClose, onDone }: KeepFilterProps) {
  const [name, setName] = useState("");
  const [shared, setShared] = useState(false);
  const { run, errors, busy } = useMutation(SavedFilterKeepDocument);
  const mayShare = useMay("incident.write");

  async function keep(): Promise<void> {
    const orderBy = [{ field: order, direction: "DESC" }];
    const done = await run({ input: { name: name.trim(), filter, orderBy, shared } });
    if (!done) return;
    toast(words.kept);
    onDone(done.savedFilterSave.savedFilter?.id ?? "");
    onClose();
  }

  return (
    <FormDialog
      title={words.keepTitle}
      errors={errors}
      shown={["name"]}
      busy={busy}
      onClose={onClose}
      onSave={() => void keep()}
    >
      <TextField
        label={words.name}
        hint={words.keepHint}
        value={name}
        onChange={setName}
        error={errorAt(errors, "input", "name")}
      />
      {mayShare && <CheckField label={words.everybody} checked={shared} onChange={setShared} />}
    </FormDialog>
  );
}
