import { useState } from "react";
import { mutate } from "../../api.ts";
import { useMutation } from "../../data/use-mutation.ts";
import { DashboardNewDocument, DashboardRemoveDocument } from "../../generated/graphql.ts";
import { errorAt, SelectField, TextField } from "../../parts/field.tsx";
import { FormDialog } from "../../parts/form-dialog.tsx";
import { overviewWords as words } from "../../words/overview.ts";
import type { Panel } from "./panel.ts";
import { importPanels, putPanels } from "./transfer.ts";

interface NewDashboardProps {
  /** What is shown now: a new one may begin with it. */
  panels: readonly Panel[];
  onClose: () => void;
  onDone: (id: string) => void;
}

type Start = keyof typeof words.starts;

/** Makes a dashboard: as what is shown, empty, or from a file. */
export function NewDashboard({ panels, onClose, onDone }: NewDashboardProps) {
  const [name, setName] = useState("");
  const [start, setStart] = useState<Start>("standard");
  const [file, setFile] = useState<File>();
  const [fault, setFault] = useState<string>();
  const [busy, setBusy] = useState(false);
  const create = useMutation(DashboardNewDocument);

  async function make(): Promise<void> {
    setBusy(true);
    setFault(undefined);
    try {
      const wanted = start === "standard" ? panels : start === "file" ? importPanels((await file?.text()) ?? "") : [];
      const made = await create.run({ input: { name } });
      const id = made?.dashboardCreate.dashboard?.id;
      if (id === undefined) return;
      await putPanels(id, wanted).catch(async (error: unknown) => {
        await mutate(DashboardRemoveDocument, { id }); // half of one is none
        throw error;
      });
      onDone(id);
    } catch (error) {
      setFault((error as Error).message);
    } finally {
      setBusy(false);
    }
  }

  return (
    <FormDialog
      title={words.newTitle}
      action={words.create}
      errors={create.errors}
      shown={["name"]}
      busy={busy}
      onClose={onClose}
      onSave={() => void make()}
    >
      <TextField label={words.name} value={name} onChange={setName} error={errorAt(create.errors, "input", "name")} />
      <SelectField
        label={words.startWith}
        value={start}
        onChange={setStart}
        options={Object.entries(words.starts).map(([value, label]) => ({ value: value as Start, label }))}
      />
      {start === "file" && (
        <label className="field">
          {words.file}
          <input type="file" accept="application/json" onChange={(event) => setFile(event.target.files?.[0])} />
        </label>
      )}
      {fault && (
        <p className="field-error" role="alert">
          {fault}
        </p>
      )}
    </FormDialog>
  );
}
