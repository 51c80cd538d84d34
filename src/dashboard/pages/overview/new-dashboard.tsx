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
  /** Where what is shown is stored; undefined: it is the overview that ships. */
  copyOf: string | undefined;
  /** Whether it may be one for everybody. */
  mayShare: boolean;
  onClose: () => void;
  onDone: (id: string) => void;
}

type Start = keyof typeof words.starts;

type Audience = keyof typeof words.audiences;

const optionsOf = <Value extends string>(labels: Readonly<Record<Value, string>>): { value: Value; label: string }[] =>
  Object.entries<string>(labels).map(([value, label]) => ({ value: value as Value, label }));

/** Makes a dashboard, for oneself or for all: as what is shown, empty, or from a file. */
export function NewDashboard({ panels, copyOf, mayShare, onClose, onDone }: NewDashboardProps) {
  const [name, setName] = useState("");
  const [audience, setAudience] = useState<Audience>("own");
  const [start, setStart] = useState<Start>("shown");
  const [file, setFile] = useState<File>();
  const [fault, setFault] = useState<string>();
  const [busy, setBusy] = useState(false);
  const create = useMutation(DashboardNewDocument);

  async function make(): Promise<void> {
    setBusy(true);
    setFault(undefined);
    try {
      const isCopy = start === "shown" && copyOf !== undefined; // which the server makes
      const asShown = start === "shown" && !isCopy ? panels : [];
      const wanted = start === "file" ? importPanels((await file?.text()) ?? "") : asShown;
      const input = { name, shared: audience === "shared", ...(isCopy ? { copyOf } : {}) };
      const made = await create.run({ input });
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
      {mayShare && (
        <SelectField
          label={words.whose}
          hint={audience === "own" ? words.ownOnlyHint : undefined}
          value={audience}
          onChange={setAudience}
          options={optionsOf(words.audiences)}
        />
      )}
      <SelectField label={words.startWith} value={start} onChange={setStart} options={optionsOf(words.starts)} />
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
