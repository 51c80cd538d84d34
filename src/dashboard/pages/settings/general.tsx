import { useState } from "react";
import { SettingsChangeDocument } from "../../generated/graphql.ts";
import { CheckField, errorAt, TextField } from "../../parts/field.tsx";
import { TimeZoneField } from "../../parts/time-zone.tsx";
import { useMay } from "../../session/viewer.ts";
import { settingsWords } from "../../words/settings.ts";
import { Part } from "./part.tsx";
import type { Organization } from "./settings.tsx";
import { useChanges } from "./use-changes.ts";

const words = settingsWords.general;

/** Name, time zone, sessions and the second factor. */
export function General({ organization, onSaved }: { organization: Organization; onSaved: () => void }) {
  const [name, setName] = useState(organization.name);
  const [timeZone, setTimeZone] = useState(organization.timeZone);
  const [idle, setIdle] = useState(String(organization.sessionIdleMinutes));
  const [factor, setFactor] = useState(organization.secondFactorRequired);
  const input = { name: name.trim(), timeZone, sessionIdleMinutes: Number(idle), secondFactorRequired: factor };
  const changes = useChanges(SettingsChangeDocument, input, onSaved);
  const { errors } = changes;

  return (
    <Part
      title={words.title}
      lead={words.lead}
      may={useMay("organization.write")}
      shown={["input.name", "input.timeZone", "input.sessionIdleMinutes"]}
      changes={changes}
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
