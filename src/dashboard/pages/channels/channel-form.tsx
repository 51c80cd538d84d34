import { useState } from "react";
import { useMutation } from "../../data/use-mutation.ts";
import {
  ChannelChangeDocument,
  type ChannelKind,
  ChannelMakeDocument,
  type ChannelRowFragment,
} from "../../generated/graphql.ts";
import { CheckField, errorAt, placeOf, SelectField, TextField } from "../../parts/field.tsx";
import { FormDialog } from "../../parts/form-dialog.tsx";
import { SecretDialog } from "../../parts/secret-dialog.tsx";
import { toast } from "../../parts/toast.tsx";
import { channelWords as words } from "../../words/channels.ts";

const kinds = Object.entries(words.kinds).map(([value, label]) => ({ value: value as ChannelKind, label }));
const lines = (text: string): string[] => text.split(/[\s,]+/).filter(Boolean);
const shownPaths = [
  "name",
  "kind",
  "email.to",
  "sms.to",
  "webhook.url",
  "slack.webhookUrl",
  "email",
  "sms",
  "webhook",
  "slack",
];

interface ChannelFormProps {
  channel: ChannelRowFragment | undefined;
  onClose: () => void;
  onDone: () => void;
}

/** A channel, new or changed. Secrets are written and never read: an empty one stays as it is. */
export function ChannelForm({ channel, onClose, onDone }: ChannelFormProps) {
  const [name, setName] = useState(channel?.name ?? "");
  const [kind, setKind] = useState<ChannelKind>(channel?.kind ?? "EMAIL");
  const [target, setTarget] = useState(channel ? channel.to.join("\n") || (channel.url ?? "") : "");
  const [covered, setCovered] = useState(channel?.coveredByBaa ?? false);
  const [stopped, setStopped] = useState(channel?.suspendedReason ?? "");
  const [secret, setSecret] = useState<string>();
  const make = useMutation(ChannelMakeDocument);
  const change = useMutation(ChannelChangeDocument);
  const errors = channel ? change.errors : make.errors;
  const key = kind.toLowerCase();
  const part = kind === "EMAIL" || kind === "SMS" ? "to" : kind === "WEBHOOK" ? "url" : "webhookUrl";
  const targetError =
    errorAt(errors, "input", key, part) ?? errors.find(({ path }) => placeOf(path).startsWith(key))?.message;

  function targetInput() {
    if (kind === "EMAIL") return { email: { to: lines(target) } };
    if (kind === "SMS") return { sms: { to: lines(target) } };
    if (kind === "WEBHOOK") return { webhook: { url: target.trim() } };
    return target.trim() ? { slack: { webhookUrl: target.trim() } } : {};
  }

  async function save(): Promise<void> {
    const input = { name: name.trim(), coveredByBaa: covered, ...targetInput() };
    if (channel) {
      // Left as it was: a receiver may have stopped the channel since this was opened.
      const stop =
        stopped.trim() === (channel.suspendedReason ?? "") ? {} : { suspendedReason: stopped.trim() || null };
      if (!(await change.run({ id: channel.id, input: { ...input, ...stop, expectedRevision: channel.revision } })))
        return;
      toast(words.saved);
    } else {
      const done = await make.run({ input: { ...input, kind } });
      if (!done) return;
      toast(words.made);
      onDone();
      const { secret: made } = done.alertChannelCreate;
      if (made) return setSecret(made);
    }
    onDone();
    onClose();
  }

  if (secret) return <SecretDialog words={words} secret={secret} onClose={onClose} />;
  return (
    <FormDialog
      title={channel ? words.edit(channel.name) : words.add}
      errors={errors}
      shown={[
        ...shownPaths.map((path) => `input.${path}`),
        ...errors.map(({ path }) => placeOf(path)).filter((path) => path.startsWith(key)),
      ]}
      busy={make.busy || change.busy}
      onClose={onClose}
      onSave={() => void save()}
    >
      <TextField label={words.name} value={name} onChange={setName} error={errorAt(errors, "input", "name")} />
      {!channel && (
        <SelectField
          label={words.kind}
          value={kind}
          onChange={setKind}
          options={kinds}
          error={errorAt(errors, "input", "kind")}
        />
      )}
      <TextField
        label={words.target[kind]}
        hint={words.targetHint[kind]}
        value={target}
        onChange={setTarget}
        mono
        {...(kind === "EMAIL" || kind === "SMS" ? { rows: 3 } : {})}
        secret={kind === "SLACK"}
        error={targetError}
      />
      <CheckField label={words.covered} checked={covered} onChange={setCovered} />
      {channel && (
        <TextField
          label={words.stop}
          hint={words.stopHint}
          value={stopped}
          onChange={setStopped}
          error={errorAt(errors, "input", "suspendedReason")}
        />
      )}
    </FormDialog>
  );
}
