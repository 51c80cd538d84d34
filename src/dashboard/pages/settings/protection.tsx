import { useState } from "react";
import { SettingsChangeDocument } from "../../generated/graphql.ts";
import { errorAt, TextField } from "../../parts/field.tsx";
import { useMay } from "../../session/viewer.ts";
import { settingsWords } from "../../words/settings.ts";
import { Part } from "./part.tsx";
import type { Organization } from "./settings.tsx";
import { useChanges } from "./use-changes.ts";

const words = settingsWords.protection;

/** From which threat scores incidents are raised, and what automatic response may never do. */
export function Protection({ organization, onSaved }: { organization: Organization; onSaved: () => void }) {
  const [high, setHigh] = useState(String(organization.riskThresholds.high));
  const [critical, setCritical] = useState(String(organization.riskThresholds.critical));
  const [cap, setCap] = useState(String(organization.responseCap));
  const [targets, setTargets] = useState(organization.protectedTargets.join("\n"));
  const input = {
    riskThresholds: { high: Number(high), critical: Number(critical) },
    responseCap: Number(cap),
    protectedTargets: targets
      .split("\n")
      .map((line) => line.trim())
      .filter(Boolean),
  };
  const changes = useChanges(SettingsChangeDocument, input, onSaved);
  const at = (...path: string[]) => errorAt(changes.errors, "input", ...path);

  return (
    <Part
      title={words.title}
      lead={words.lead}
      may={useMay("organization.write")}
      shown={[
        "riskThresholds",
        "riskThresholds.high",
        "riskThresholds.critical",
        "responseCap",
        "protectedTargets",
      ].map((path) => `input.${path}`)}
      changes={changes}
    >
      <div className="form-pair">
        <TextField
          label={words.high}
          hint={words.highHint}
          type="number"
          value={high}
          onChange={setHigh}
          error={at("riskThresholds", "high") ?? at("riskThresholds")}
        />
        <TextField
          label={words.critical}
          hint={words.criticalHint}
          type="number"
          value={critical}
          onChange={setCritical}
          error={at("riskThresholds", "critical")}
        />
        <TextField
          label={words.cap}
          hint={words.capHint}
          type="number"
          required
          value={cap}
          onChange={setCap}
          error={at("responseCap")}
        />
      </div>
      <TextField
        label={words.targets}
        hint={words.targetsHint}
        rows={4}
        mono
        value={targets}
        onChange={setTargets}
        error={at("protectedTargets")}
      />
    </Part>
  );
}
