import { useState } from "react";
import { SettingsChangeDocument } from "../../generated/graphql.ts";
import { CheckField, errorAt, TextField } from "../../parts/field.tsx";
import { TimeZoneField } from "../../parts/time-zone.tsx";
import { useSave } from "../../parts/use-save.ts";
import { useMay } from "../../session/viewer.ts";
import { settingsWords } from "../../words/settings.ts";
import { Part } from "./part.tsx";
import type { Organization } from "./settings.tsx";

const words = settingsWords.general;

/** Name, time zone, sessions and the second factor. */
export function General({ organization, onSaved }: { organization: Organization; onSaved: () => void }) {
  const [name, setName] = useState(organization.name);
  const [timeZone, setTimeZone] = useState(organization.timeZone);
  const [idle, setIdle] = useState(String(organization.sessionIdleMinutes));
  const [factor, setFactor] = useState(organization.secondFactorRequired);
  const { keep, errors, busy } = useSave(SettingsChangeDocument, settingsWords.saved, onSaved);

  async function save(): Promise<void> {
    const input = { name: name.trim(), timeZone, sessionIdleMinutes: Number(idle), secondFactorRequired: factor };
    await keep({ input });
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
        <TimeZoneField
          label={words.timeZone}
          hint={words.timeZoneHint}
          value={timeZone}
          onChange={setTimeZone}
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
