import { useState } from "react";
import { useMutation } from "../../data/use-mutation.ts";
import { ApiKeyMakeDocument, type ApiKeyRole } from "../../generated/graphql.ts";
import { errorAt, SelectField, TextField } from "../../parts/field.tsx";
import { FormDialog } from "../../parts/form-dialog.tsx";
import { momentOf } from "../../parts/moment.ts";
import { SecretDialog } from "../../parts/secret-dialog.tsx";
import { userWords } from "../../words/users.ts";

const words = userWords.keys;
const roles = (["INGEST", "ENFORCER"] as const).map((value) => ({
  value: value as ApiKeyRole,
  label: words.roleChoices[value],
}));

/** A new API key; its secret is shown once. */
export function KeyForm({ onClose, onDone }: { onClose: () => void; onDone: () => void }) {
  const [name, setName] = useState("");
  const [role, setRole] = useState<ApiKeyRole>("INGEST");
  const [expires, setExpires] = useState("");
  const [secret, setSecret] = useState<string>();
  const { run, errors, busy } = useMutation(ApiKeyMakeDocument);

  async function save(): Promise<void> {
    const expiresAt = expires ? { expiresAt: momentOf(expires) } : {};
    const done = await run({ input: { name: name.trim(), role, ...expiresAt } });
    if (!done) return;
    onDone();
    setSecret(done.apiKeyCreate.secret ?? "");
  }

  if (secret !== undefined) return <SecretDialog words={words} secret={secret} onClose={onClose} />;
  return (
    <FormDialog
      title={words.add}
      action={words.make}
      errors={errors}
      shown={["input.name", "input.role", "input.expiresAt"]}
      busy={busy}
      onClose={onClose}
      onSave={() => void save()}
    >
      <TextField
        label={words.name}
        hint={words.nameHint}
        value={name}
        onChange={setName}
        error={errorAt(errors, "input", "name")}
      />
      <SelectField
        label={words.role}
        value={role}
        onChange={setRole}
        options={roles}
        error={errorAt(errors, "input", "role")}
      />
      <TextField
        label={words.endsLabel}
        hint={words.endsHint}
        type="datetime-local"
        value={expires}
        onChange={setExpires}
        error={errorAt(errors, "input", "expiresAt")}
      />
    </FormDialog>
  );
}
