import { useState } from "react";
import type { UserError } from "../../data/use-mutation.ts";
import { Button } from "../../parts/button.tsx";
import { Dialog } from "../../parts/dialog.tsx";
import { errorAt, FormErrors, TextField } from "../../parts/field.tsx";
import { incidentWords as words } from "../../words/incident.ts";
import { words as shared } from "../../words.ts";

interface ReasonDialogProps {
  open: boolean;
  title: string;
  errors: readonly UserError[];
  busy: boolean;
  onClose: () => void;
  onReason: (reason: string) => void;
}

/** Asks why, for what needs a reason. */
export function ReasonDialog({ open, title, errors, busy, onClose, onReason }: ReasonDialogProps) {
  const [reason, setReason] = useState("");
  return (
    <Dialog
      open={open}
      title={title}
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>{shared.do.cancel}</Button>
          <Button kind="primary" busy={busy} onClick={() => onReason(reason.trim())}>
            {shared.do.confirm}
          </Button>
        </>
      }
    >
      <TextField
        label={words.reason}
        hint={words.reasonHint}
        value={reason}
        onChange={setReason}
        rows={3}
        error={errorAt(errors, "input", "reason")}
      />
      <FormErrors errors={errors} shown={["input.reason"]} />
    </Dialog>
  );
}
