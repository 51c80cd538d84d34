import { useState } from "react";
import { useQuery } from "../../data/use-query.ts";
import { type MatcherRowFragment, SilenceMakeDocument, SilenceWouldDocument } from "../../generated/graphql.ts";
import { errorAt, SelectField, TextField } from "../../parts/field.tsx";
import { FormDialog } from "../../parts/form-dialog.tsx";
import { Loading } from "../../parts/states.tsx";
import { useSave } from "../../parts/use-save.ts";
import { silenceWords as words } from "../../words/silences.ts";
import { Matchers } from "./matchers.tsx";

const lengths = Object.entries(words.lengths).map(([value, label]) => ({ value, label: label as string }));

/** A new silence, with what it would keep quiet of the incidents that are open now. */
export function SilenceForm({ onClose, onDone }: { onClose: () => void; onDone: () => void }) {
  const [matchers, setMatchers] = useState<MatcherRowFragment[]>([{ field: "SUBJECT", operator: "EQUALS", value: "" }]);
  const [hours, setHours] = useState("2");
  const [reason, setReason] = useState("");
  const { keep, errors, busy } = useSave(SilenceMakeDocument, words.made, () => {
    onDone();
    onClose();
  });
  const whole = matchers.every(({ value }) => value.trim() !== "");
  const plain = matchers.map(({ field, operator, value }) => ({ field, operator, value: value.trim() }));
  const would = useQuery(SilenceWouldDocument, whole ? { matchers: plain } : undefined, { anew: true });

  async function save(): Promise<void> {
    const endsAt = new Date(Date.now() + Number(hours) * 3_600_000).toISOString();
    await keep({ input: { matchers: plain, endsAt, reason: reason.trim() } });
  }

  const preview = would.data?.silencePreview;
  return (
    <FormDialog
      wide
      title={words.add}
      action={words.make}
      errors={errors}
      shown={[
        "input.reason",
        "input.endsAt",
        ...matchers.flatMap((_, at) => [`input.matchers.${at}.value`, `input.matchers.${at}`]),
      ]}
      busy={busy}
      onClose={onClose}
      onSave={() => void save()}
    >
      <Matchers legend={words.which} matchers={matchers} onChange={setMatchers} errors={errors} />
      {whole && (
        <div className="blast-note" aria-live="polite">
          {would.error ? (
            <p className="field-error">{would.error.message}</p>
          ) : preview ? (
            <p>
              <strong>{words.would(preview.matchingIncidents, preview.openIncidents)}</strong>
            </p>
          ) : (
            <Loading lines={1} />
          )}
          {preview?.incidents.slice(0, 4).map(({ id, number, title }) => (
            <p key={id} className="muted clip">
              #{number} {title}
            </p>
          ))}
        </div>
      )}
      <SelectField
        label={words.length}
        value={hours}
        onChange={setHours}
        options={lengths}
        error={errorAt(errors, "input", "endsAt")}
      />
      <TextField
        label={words.reason}
        hint={words.reasonHint}
        rows={2}
        value={reason}
        onChange={setReason}
        error={errorAt(errors, "input", "reason")}
      />
    </FormDialog>
  );
}
