import { useState } from "react";
import { type PhiFields, PrivacyChangeDocument, type UnknownFields } from "../../generated/graphql.ts";
import { errorAt, SelectField, TextField } from "../../parts/field.tsx";
import { useMay } from "../../session/viewer.ts";
import { settingsWords } from "../../words/settings.ts";
import { Part } from "./part.tsx";
import type { Organization } from "./settings.tsx";
import { useChanges } from "./use-changes.ts";

const words = settingsWords.privacy;
const phi = Object.entries(words.phiChoices).map(([value, label]) => ({ value: value as PhiFields, label }));
const unknown = Object.entries(words.unknownChoices).map(([value, label]) => ({
  value: value as UnknownFields,
  label,
}));

/** What of events is stored encrypted, in clear, or not at all. */
export function Privacy({ organization, onSaved }: { organization: Organization; onSaved: () => void }) {
  const [phiFields, setPhiFields] = useState(organization.phiFields);
  const [unknownFields, setUnknownFields] = useState(organization.unknownFields);
  const [allowed, setAllowed] = useState(organization.allowedAttributes.join("\n"));
  const allowedAttributes = allowed
    .split("\n")
    .map((line) => line.trim())
    .filter(Boolean);
  const changes = useChanges(PrivacyChangeDocument, { phiFields, unknownFields, allowedAttributes }, onSaved);
  const { errors } = changes;

  return (
    <Part
      title={words.title}
      lead={words.lead}
      may={useMay("privacy.write")}
      shown={["input.phiFields", "input.unknownFields", "input.allowedAttributes"]}
      changes={changes}
    >
      <div className="form-pair">
        <SelectField
          label={words.phi}
          hint={words.phiHint}
          value={phiFields}
          onChange={setPhiFields}
          options={phi}
          error={errorAt(errors, "input", "phiFields")}
        />
        <SelectField
          label={words.unknown}
          hint={words.unknownHint}
          value={unknownFields}
          onChange={setUnknownFields}
          options={unknown}
          error={errorAt(errors, "input", "unknownFields")}
        />
      </div>
      <TextField
        label={words.allowed}
        hint={words.allowedHint}
        rows={4}
        mono
        value={allowed}
        onChange={setAllowed}
        error={errorAt(errors, "input", "allowedAttributes")}
      />
    </Part>
  );
}
