import { useState } from "react";
import { useMutation } from "../../data/use-mutation.ts";
import {
  ResponseWebhookChangeDocument,
  ResponseWebhookMakeDocument,
  type ResponseWebhookRowFragment,
} from "../../generated/graphql.ts";
import { CheckField, errorAt, TextField } from "../../parts/field.tsx";
import { FormDialog } from "../../parts/form-dialog.tsx";
import { SecretDialog } from "../../parts/secret-dialog.tsx";
import { toast } from "../../parts/toast.tsx";
import { responseWords } from "../../words/response.ts";

const words = responseWords.webhooks;

interface WebhookFormProps {
  webhook: ResponseWebhookRowFragment | undefined;
  onClose: () => void;
  onDone: () => void;
}

/** A system that responses may call, new or changed; a secret that was made for it is shown once. */
export function WebhookForm({ webhook, onClose, onDone }: WebhookFormProps) {
  const [name, setName] = useState("");
  const [url, setUrl] = useState(webhook?.url ?? "");
  const [coveredByBaa, setCovered] = useState(webhook?.coveredByBaa ?? false);
  const [needsApproval, setNeeds] = useState(webhook?.needsApproval ?? false);
  const [rotateSecret, setRotate] = useState(false);
  const [secret, setSecret] = useState<string>();
  const make = useMutation(ResponseWebhookMakeDocument);
  const change = useMutation(ResponseWebhookChangeDocument);
  const errors = [...make.errors, ...change.errors];

  async function save(): Promise<void> {
    const input = { url: url.trim(), coveredByBaa, needsApproval };
    const made = webhook
      ? (
          await change.run({
            id: webhook.id,
            input: { ...input, rotateSecret, expectedRevision: webhook.revision },
          })
        )?.responseWebhookUpdate
      : (await make.run({ input: { ...input, name: name.trim() } }))?.responseWebhookCreate;
    if (!made) return;
    onDone();
    if (made.secret) return setSecret(made.secret);
    toast(words.saved);
    onClose();
  }

  if (secret !== undefined) return <SecretDialog words={words} secret={secret} onClose={onClose} />;
  return (
    <FormDialog
      title={webhook ? words.edit(webhook.name) : words.add}
      errors={errors}
      shown={webhook ? ["url"] : ["name", "url"]}
      busy={make.busy || change.busy}
      onClose={onClose}
      onSave={() => void save()}
    >
      {!webhook && (
        <TextField
          label={words.name}
          hint={words.nameHint}
          value={name}
          onChange={setName}
          error={errorAt(errors, "input", "name")}
        />
      )}
      <TextField
        label={words.url}
        type="url"
        hint={words.urlHint}
        value={url}
        onChange={setUrl}
        error={errorAt(errors, "input", "url")}
      />
      <CheckField label={words.covered} checked={coveredByBaa} onChange={setCovered} />
      <CheckField label={words.needsApproval} checked={needsApproval} onChange={setNeeds} />
      {webhook && <CheckField label={words.rotate} checked={rotateSecret} onChange={setRotate} />}
    </FormDialog>
  );
}
