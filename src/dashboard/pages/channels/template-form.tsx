import { useEffect, useState } from "react";
import { useMutation } from "../../data/use-mutation.ts";
import { useQuery } from "../../data/use-query.ts";
import {
  type AlertKind,
  type ChannelKind,
  TemplateChangeDocument,
  TemplateMakeDocument,
  type TemplateRowFragment,
  TemplateWouldDocument,
} from "../../generated/graphql.ts";
import { errorAt, FormErrors, SelectField, TextField } from "../../parts/field.tsx";
import { FormDialog } from "../../parts/form-dialog.tsx";
import { toast } from "../../parts/toast.tsx";
import { channelWords, templateWords as words } from "../../words/channels.ts";

const kinds = Object.entries(channelWords.kinds).map(([value, label]) => ({ value: value as ChannelKind, label }));
const alertKinds = [
  { value: "" as AlertKind | "", label: words.everyKind as string },
  ...Object.entries(words.alertKinds).map(([value, label]) => ({ value: value as AlertKind, label: label as string })),
];
const typingPause = 400; // ms after the last letter until the preview is asked for

interface TemplateFormProps {
  template: TemplateRowFragment | undefined;
  onClose: () => void;
  onDone: () => void;
}

/** A template with what comes of it while it is written. What comes of it is shown as text. */
export function TemplateForm({ template, onClose, onDone }: TemplateFormProps) {
  const [name, setName] = useState(template?.name ?? "");
  const [channelKind, setKind] = useState<ChannelKind>(template?.channelKind ?? "EMAIL");
  const [subject, setSubject] = useState(template?.subject ?? "");
  const [locale, setLocale] = useState(template?.locale ?? "en");
  const [alertKind, setAlertKind] = useState<AlertKind | "">(template?.alertKind ?? "");
  const [html, setHtml] = useState(template?.html ?? "");
  const [body, setBody] = useState(template?.body ?? "");
  const make = useMutation(TemplateMakeDocument);
  const change = useMutation(TemplateChangeDocument);
  const errors = template ? change.errors : make.errors;
  const at = (path: string) => errorAt(errors, "input", path);

  async function save(): Promise<void> {
    const worded = { name: name.trim(), subject: subject.trim() || null, body, html: html.trim() || null };
    const done = template
      ? await change.run({
          id: template.id,
          expectedRevision: template.revision,
          input: worded,
        })
      : await make.run({
          input: { ...worded, channelKind, locale: locale.trim(), ...(alertKind ? { alertKind } : {}) },
        });
    if (!done) return;
    toast(words.saved);
    onDone();
    onClose();
  }

  return (
    <FormDialog
      wide
      title={template ? words.edit(template.name) : words.add}
      errors={errors}
      shown={["name", "channelKind", "locale", "alertKind", "subject", "body", "html"]}
      busy={make.busy || change.busy}
      onClose={onClose}
      onSave={() => void save()}
    >
      <div className="form-pair">
        <TextField label={words.name} hint={words.nameHint} value={name} onChange={setName} error={at("name")} />
        {!template && (
          <SelectField
            label={channelWords.kind}
            value={channelKind}
            onChange={setKind}
            options={kinds}
            error={at("channelKind")}
          />
        )}
        {!template && (
          <SelectField
            label={words.alertKind}
            value={alertKind}
            onChange={setAlertKind}
            options={alertKinds}
            error={at("alertKind")}
          />
        )}
        {!template && (
          <TextField
            label={words.locale}
            hint={words.localeHint}
            value={locale}
            onChange={setLocale}
            error={at("locale")}
          />
        )}
      </div>
      {channelKind === "EMAIL" && (
        <TextField label={words.subject} mono value={subject} onChange={setSubject} error={at("subject")} />
      )}
      <TextField
        label={words.body}
        hint={words.bodyHint}
        rows={6}
        mono
        value={body}
        onChange={setBody}
        error={at("body")}
      />
      {channelKind === "EMAIL" && (
        <TextField
          label={words.html}
          hint={words.htmlHint}
          rows={4}
          mono
          value={html}
          onChange={setHtml}
          error={at("html")}
        />
      )}
      <Preview subject={subject} body={body} html={html} />
    </FormDialog>
  );
}

function Preview({ subject, body, html }: { subject: string; body: string; html: string }) {
  const [settled, setSettled] = useState({ subject, body, html });
  useEffect(() => {
    const timer = setTimeout(() => setSettled({ subject, body, html }), typingPause);
    return () => clearTimeout(timer);
  }, [subject, body, html]);
  const { data, error } = useQuery(
    TemplateWouldDocument,
    settled.body.trim()
      ? { subject: settled.subject.trim() || null, body: settled.body, html: settled.html.trim() || null }
      : undefined,
  );
  const preview = settled.body.trim() ? data?.alertTemplatePreview : undefined;
  if (error) return <FormErrors errors={[{ code: error.code, message: error.message, path: [] }]} />;
  if (!preview) return null;
  return (
    <section className="blast-note" aria-live="polite">
      <h3>{words.preview}</h3>
      {preview.subject && <strong className="wrap">{preview.subject}</strong>}
      <p className="wrap template-text">{preview.text}</p>
      {preview.html && <pre className="mono small wrap template-text">{preview.html}</pre>}
      {preview.carries && preview.carries !== "SAFE" && <p className="field-hint">{words.carries(preview.carries)}</p>}
      <FormErrors errors={preview.userErrors} />
    </section>
  );
}
