import { useState } from "react";
import { useMutation } from "../../data/use-mutation.ts";
import { SettingsChangeDocument } from "../../generated/graphql.ts";
import { CheckField, errorAt, SelectField, TextField } from "../../parts/field.tsx";
import { toast } from "../../parts/toast.tsx";
import { useMay } from "../../session/viewer.ts";
import { settingsWords } from "../../words/settings.ts";
import { Part } from "./part.tsx";
import type { Organization } from "./settings.tsx";

const words = settingsWords.general;
const zones = Intl.supportedValuesOf("timeZone");

/** Name, time zone, sessions and the second factor. */
export function General({ organization, onSaved }: { organization: Organization; onSaved: () => void }) {
  const [name, setName] = useState(organization.name);
  const [timeZone, setTimeZone] = useState(organization.timeZone);
  const [idle, setIdle] = useState(String(organization.sessionIdleMinutes));
  const [factor, setFactor] = useState(organization.secondFactorRequired);
  const { run, errors, busy } = useMutation(SettingsChangeDocument);
  const all = zones.includes(timeZone) ? zones : [timeZone, ...zones];

  async function save(): Promise<void> {
    const input = { name: name.trim(), timeZone, sessionIdleMinutes: Number(idle), secondFactorRequired: factor };
    if (!(await run({ input }))) return;
    toast(settingsWords.saved);
    onSaved();
  }

  return (
    <Part
      title={words.title}
      lead={words.lead}
      may={useMay("organization.write")}
      errors={errors}
      shown={["input.name", "input.timeZone", "input.sessionIdleMinutes"]}
      busy={busy}
      onSave={() => void save()}
    >
      <div className="form-pair">
        <TextField label={words.name} value={name} onChange={setName} error={errorAt(errors, "input", "name")} />
        <SelectField
          label={words.timeZone}
          hint={words.timeZoneHint}
          value={timeZone}
          onChange={setTimeZone}
          options={all.map((value) => ({ value, label: value.replaceAll("_", " ") }))}
          error={errorAt(errors, "input", "timeZone")}
        />
        <TextField
          label={words.idle}
          hint={words.idleHint}
          type="number"
          value={idle}
          onChange={setIdle}
          error={errorAt(errors, "input", "sessionIdleMinutes")}
        />
      </div>
      <CheckField label={words.factor} checked={factor} onChange={setFactor} />
    </Part>
  );
}
