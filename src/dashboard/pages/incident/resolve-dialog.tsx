import { useState } from "react";
import { type UserError, useErrorsSince } from "../../data/use-mutation.ts";
import type { IncidentResolution } from "../../generated/graphql.ts";
import { errorAt, SelectField, TextField } from "../../parts/field.tsx";
import { FormDialog } from "../../parts/form-dialog.tsx";
import { incidentWords as words } from "../../words/incident.ts";

const resolutions = Object.entries(words.resolutions).map(([value, label]) => ({
  value: value as IncidentResolution,
  label,
}));

interface ResolveDialogProps {
  title: string;
  errors: readonly UserError[];
  busy: boolean;
  onClose: () => void;
  onResolve: (input: { resolution: IncidentResolution; reason: string }) => void;
}

/** Why it is over: for statistics, and in words. */
export function ResolveDialog({ onResolve, ...rest }: ResolveDialogProps) {
  const [resolution, setResolution] = useState<IncidentResolution>("TRUE_POSITIVE");
  const [reason, setReason] = useState("");
  const errors = useErrorsSince(rest.errors);
  return (
    <FormDialog
      {...rest}
      errors={errors}
      action={words.resolve}
      shown={["reason"]}
      onSave={() => onResolve({ resolution, reason: reason.trim() || words.resolutions[resolution] })}
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
    </FormDialog>
  );
}
