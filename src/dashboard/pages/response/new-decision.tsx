import { useState } from "react";
import { type ActionType, DecisionMakeDocument, type DecisionScope } from "../../generated/graphql.ts";
import { errorAt, SelectField, TextField } from "../../parts/field.tsx";
import { FormDialog } from "../../parts/form-dialog.tsx";
import { useSave } from "../../parts/use-save.ts";
import { incidentWords } from "../../words/incident.ts";
import { responseWords } from "../../words/response.ts";
import { words as shared } from "../../words.ts";
import { Blast } from "../incident/respond-dialog.tsx";

const words = responseWords.decisions;
const types = (["BLOCK_IP", "SUSPEND_USER", "FORCE_MFA", "INCREASE_MONITORING"] as const).map((value) => ({
  value: value as ActionType,
  label: shared.actionType[value],
}));
const scopes = Object.entries(words.scopes).map(([value, label]) => ({ value: value as DecisionScope, label }));
type Ttl = keyof typeof incidentWords.ttls;
const ttls = Object.entries(incidentWords.ttls).map(([value, label]) => ({ value: value as Ttl, label }));

/** A decision by hand, beside any incident. */
export function NewDecision({ onClose, onDone }: { onClose: () => void; onDone: () => void }) {
  const [type, setType] = useState<ActionType>("BLOCK_IP");
  const [scope, setScope] = useState<DecisionScope>("IP");
  const [value, setValue] = useState("");
  const [ttl, setTtl] = useState<Ttl>("PT1H");
  const [reason, setReason] = useState("");
  const { keep, errors, busy } = useSave(DecisionMakeDocument, words.made, onDone);

  function choose(next: ActionType): void {
    setType(next);
    setScope(next === "BLOCK_IP" ? "IP" : "USER");
  }

  async function save(): Promise<void> {
    await keep({ input: { type, scope, value: value.trim(), ttl, reason: reason.trim() } });
  }

  return (
    <FormDialog
      title={words.make}
      action={shared.actionType[type]}
      errors={errors}
      shown={["type", "scope", "value", "ttl", "reason"].map((name) => `input.${name}`)}
      busy={busy}
      onClose={onClose}
      onSave={() => void save()}
    >
      <div className="form-pair">
        <SelectField
          label={words.columns.what}
          value={type}
          onChange={choose}
          options={types}
          error={errorAt(errors, "input", "type")}
        />
        <SelectField
          label={words.scope}
          value={scope}
          onChange={setScope}
          options={scopes}
          error={errorAt(errors, "input", "scope")}
        />
      </div>
      <TextField
        label={words.value[scope]}
        value={value}
        onChange={setValue}
        mono
        error={errorAt(errors, "input", "value")}
      />
      <Blast type={type} target={scope === "SESSION" && value.trim() ? `session:${value.trim()}` : value.trim()} />
      <SelectField
        label={incidentWords.ttl}
        value={ttl}
        onChange={setTtl}
        options={ttls}
        error={errorAt(errors, "input", "ttl")}
      />
      <TextField
        label={incidentWords.reason}
        hint={words.reasonHint}
        value={reason}
        onChange={setReason}
        rows={2}
        error={errorAt(errors, "input", "reason")}
      />
    </FormDialog>
  );
}
