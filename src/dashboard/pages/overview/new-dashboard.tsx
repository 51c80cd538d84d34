import { useState } from "react";
import { useMutation } from "../../data/use-mutation.ts";
import { DashboardNewDocument } from "../../generated/graphql.ts";
import { Button } from "../../parts/button.tsx";
import { Dialog } from "../../parts/dialog.tsx";
import { errorAt, FormErrors, SelectField, TextField } from "../../parts/field.tsx";
import { overviewWords as words } from "../../words/overview.ts";
import { words as shared } from "../../words.ts";
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
      await putPanels(id, wanted);
      onDone(id);
    } catch (error) {
      setFault((error as Error).message);
    } finally {
      setBusy(false);
    }
  }

  return (
    <Dialog
      open
      title={words.newTitle}
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>{shared.do.cancel}</Button>
          <Button kind="primary" busy={busy} onClick={() => void make()}>
            {words.create}
          </Button>
        </>
      }
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
      <FormErrors errors={create.errors} shown={["input.name"]} />
      {fault && (
        <p className="field-error" role="alert">
          {fault}
        </p>
      )}
    </Dialog>
  );
}
