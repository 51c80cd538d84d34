import { useState } from "react";
import { type UserError, useErrorsSince } from "../../data/use-mutation.ts";
import { errorAt, TextField } from "../../parts/field.tsx";
import { FormDialog } from "../../parts/form-dialog.tsx";
import { incidentWords as words } from "../../words/incident.ts";
import { words as shared } from "../../words.ts";

interface ReasonDialogProps {
  title: string;
  errors: readonly UserError[];
  busy: boolean;
  onClose: () => void;
  onReason: (reason: string) => void;
}

/** Asks why, for what needs a reason. */
export function ReasonDialog({ onReason, ...rest }: ReasonDialogProps) {
  const [reason, setReason] = useState("");
  const errors = useErrorsSince(rest.errors);
  return (
    <FormDialog
      {...rest}
      errors={errors}
      action={shared.do.confirm}
      shown={["reason"]}
      onSave={() => onReason(reason.trim())}
    >
      <TextField
        label={words.reason}
        hint={words.reasonHint}
        value={reason}
        onChange={setReason}
        rows={3}
        error={errorAt(errors, "input", "reason")}
      />
    </FormDialog>
  );
}
