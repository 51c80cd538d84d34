import { useState } from "react";
import { useMutation } from "../../data/use-mutation.ts";
import { AuditTakeDocument } from "../../generated/graphql.ts";
import { Button } from "../../parts/button.tsx";
import { Dialog } from "../../parts/dialog.tsx";
import { errorAt, TextField } from "../../parts/field.tsx";
import { FormDialog } from "../../parts/form-dialog.tsx";
import { momentOf } from "../../parts/moment.ts";
import { Secret } from "../../parts/secret.tsx";
import { auditWords } from "../../words/audit.ts";
import { words as shared } from "../../words.ts";

const words = auditWords.exporting;

/** Takes a copy of the log that anybody can verify with the key shown. */
export function ExportDialog({ onClose }: { onClose: () => void }) {
  const [from, setFrom] = useState("");
  const [to, setTo] = useState("");
  const [done, setDone] = useState<{ path: string; publicKey: string }>();
  const { run, errors, busy } = useMutation(AuditTakeDocument);

  async function make(): Promise<void> {
    const range = {
      ...(from ? { from: momentOf(from) } : {}),
      ...(to ? { to: momentOf(to) } : {}),
    };
    const result = await run({ input: from || to ? { range } : {} });
    const { path, publicKey } = result?.auditExport ?? {};
    if (path && publicKey) setDone({ path, publicKey });
  }

  if (done) {
    return (
      <Dialog open title={words.ready} onClose={onClose} actions={<Button onClick={onClose}>{shared.do.close}</Button>}>
        <p>
          <a href={done.path} download="audit.ndjson">
            {words.download}
          </a>
        </p>
        <p className="small">{words.key}</p>
        <Secret text={done.publicKey} />
        <p className="muted small">{words.check}</p>
      </Dialog>
    );
  }
  return (
    <FormDialog
      title={words.title}
      action={words.make}
      errors={errors}
      shown={["input.range.from", "input.range.to"]}
      busy={busy}
      onClose={onClose}
      onSave={() => void make()}
    >
      <p className="small">{words.lead}</p>
      <div className="form-pair">
        <TextField
          label={words.from}
          hint={words.open}
          type="datetime-local"
          value={from}
          onChange={setFrom}
          error={errorAt(errors, "input", "range", "from")}
        />
        <TextField
          label={words.to}
          hint={words.open}
          type="datetime-local"
          value={to}
          onChange={setTo}
          error={errorAt(errors, "input", "range", "to")}
        />
      </div>
    </FormDialog>
  );
}
