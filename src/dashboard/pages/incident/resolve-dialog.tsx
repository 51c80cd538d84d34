import { useState } from "react";
import type { UserError } from "../../data/use-mutation.ts";
import type { IncidentResolution } from "../../generated/graphql.ts";
import { Button } from "../../parts/button.tsx";
import { Dialog } from "../../parts/dialog.tsx";
import { errorAt, FormErrors, SelectField, TextField } from "../../parts/field.tsx";
import { incidentWords as words } from "../../words/incident.ts";
import { words as shared } from "../../words.ts";

const resolutions = Object.entries(words.resolutions).map(([value, label]) => ({
  value: value as IncidentResolution,
  label,
}));

interface ResolveDialogProps {
  open: boolean;
  title: string;
  errors: readonly UserError[];
  busy: boolean;
  onClose: () => void;
  onResolve: (input: { resolution: IncidentResolution; reason: string }) => void;
}

/** Why it is over: for statistics, and in words. */
export function ResolveDialog({ open, title, errors, busy, onClose, onResolve }: ResolveDialogProps) {
  const [resolution, setResolution] = useState<IncidentResolution>("TRUE_POSITIVE");
  const [reason, setReason] = useState("");
  return (
    <Dialog
      open={open}
      title={title}
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>{shared.do.cancel}</Button>
          <Button
            kind="primary"
            busy={busy}
            onClick={() => onResolve({ resolution, reason: reason.trim() || words.resolutions[resolution] })}
          >
            {words.resolve}
          </Button>
        </>
      }
    >
      <SelectField label={words.resolution} value={resolution} onChange={setResolution} options={resolutions} />
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
