import { useState } from "react";
import { type IncidentClockKind, SettingsChangeDocument, type Severity } from "../../generated/graphql.ts";
import { secondsOf } from "../../parts/duration.ts";
import { errorAt, TextField } from "../../parts/field.tsx";
import { Severity as Level } from "../../parts/severity.tsx";
import { useMay } from "../../session/viewer.ts";
import { settingsWords } from "../../words/settings.ts";
import { words as shared } from "../../words.ts";
import { Part } from "./part.tsx";
import type { Organization } from "./settings.tsx";
import { useChanges } from "./use-changes.ts";

const words = settingsWords.clocks;
const severities = ["CRITICAL", "HIGH", "MEDIUM", "LOW", "INFO"] as const satisfies Severity[];
const clocks = ["ACKNOWLEDGE", "CONTAIN", "RESOLVE"] as const satisfies IncidentClockKind[];

/** Minutes of a duration, as a field holds them; no time at all: empty. */
const minutesOf = (duration: string): string => (secondsOf(duration) === 0 ? "" : String(secondsOf(duration) / 60));
const durationOf = (minutes: string): string => `PT${Math.round(Number(minutes || 0) * 60)}S`;

/** How long people may take for incidents, and until when one is opened again. */
export function Clocks({ organization, onSaved }: { organization: Organization; onSaved: () => void }) {
  const [grace, setGrace] = useState(String(secondsOf(organization.reopenGrace) / 60));
  const [times, setTimes] = useState<Record<string, string>>(() =>
    Object.fromEntries(
      organization.responseTimes.map(({ severity, clock, duration }) => [`${severity} ${clock}`, minutesOf(duration)]),
    ),
  );
  const responseTimes = severities.flatMap((severity) =>
    clocks.map((clock) => ({ severity, clock, duration: durationOf(times[`${severity} ${clock}`] ?? "") })),
  );
  const changes = useChanges(SettingsChangeDocument, { reopenGrace: durationOf(grace), responseTimes }, onSaved);

  return (
    <Part
      title={words.title}
      lead={words.lead}
      may={useMay("organization.write")}
      shown={["reopenGrace"]}
      changes={changes}
    >
      <table className="due-times">
        <thead>
          <tr>
            <th scope="col">{words.severity}</th>
            {clocks.map((clock) => (
              <th key={clock} scope="col">
                {words.clocks[clock]}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {severities.map((severity) => (
            <tr key={severity}>
              <th scope="row">
                <Level level={severity} />
              </th>
              {clocks.map((clock) => (
                <td key={clock}>
                  <input
                    className="input"
                    type="number"
                    min={0}
                    aria-label={words.minutes(shared.severity[severity], words.clocks[clock])}
                    value={times[`${severity} ${clock}`] ?? ""}
                    onChange={(event) => setTimes({ ...times, [`${severity} ${clock}`]: event.target.value })}
                  />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      <p className="field-hint">{words.hint}</p>
      <TextField
        label={words.grace}
        hint={words.graceHint}
        type="number"
        required
        value={grace}
        onChange={setGrace}
        error={errorAt(changes.errors, "input", "reopenGrace")}
      />
    </Part>
  );
}
