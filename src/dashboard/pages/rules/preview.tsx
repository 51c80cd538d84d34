import { useState } from "react";
import { type ApiError, query } from "../../api.ts";
import { RulePreviewDocument, type RulePreviewQuery } from "../../generated/graphql.ts";
import { Button } from "../../parts/button.tsx";
import Chart, { type Line } from "../../parts/chart.tsx";
import { FormErrors, SelectField } from "../../parts/field.tsx";
import { ruleWords as words } from "../../words/rules.ts";
import type { RulePart } from "./rule.tsx";

type Payload = RulePreviewQuery["alertRulePreview"];
type Days = keyof typeof words.days;
const choices = Object.entries(words.days).map(([value, label]) => ({ value: value as Days, label }));
const day = 86_400_000; // ms
const colors = ["--chart-1", "--chart-2", "--chart-3", "--chart-4"];

/** Runs the rule over stored events: what it would have found, and whom that would have told. */
export function Preview({ rule }: RulePart) {
  const [days, setDays] = useState<Days>("7");
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState<string>();
  const [payload, setPayload] = useState<Payload>();

  async function run(): Promise<void> {
    setBusy(true);
    setFault(undefined);
    const to = Date.now();
    const range = { from: new Date(to - Number(days) * day).toISOString(), to: new Date(to).toISOString() };
    try {
      setPayload((await query(RulePreviewDocument, { input: { ruleId: rule.id, range } })).alertRulePreview);
    } catch (error) {
      setFault((error as ApiError).message);
    } finally {
      setBusy(false);
    }
  }

  const preview = payload?.preview;
  return (
    <div className="card-body stack">
      <div className="row rule-run">
        <SelectField label={words.previewDays} value={days} onChange={setDays} options={choices} />
        <Button kind="primary" busy={busy} onClick={() => void run()}>
          {words.previewRun}
        </Button>
      </div>
      {fault && (
        <p className="field-error" role="alert">
          {fault}
        </p>
      )}
      <FormErrors errors={payload?.userErrors ?? []} />
      {preview && (
        <>
          <p>
            {words.previewSum(preview.eventsRead, preview.detectionCount, preview.incidentCount)}{" "}
            {preview.truncated && words.previewCut}
          </p>
          {preview.incidentsPerDay.length > 0 || preview.alertsPerDay.length > 0 ? (
            <PerDay preview={preview} />
          ) : (
            <p className="muted">{words.previewNothing}</p>
          )}
          {preview.topSubjects.length > 0 && (
            <section>
              <h3>{words.previewTop}</h3>
              <ul className="row mono small">
                {preview.topSubjects.slice(0, 12).map(({ kind, key }) => (
                  <li key={kind + key} title={kind}>
                    {key}
                  </li>
                ))}
              </ul>
            </section>
          )}
        </>
      )}
    </div>
  );
}

function PerDay({ preview }: { preview: NonNullable<Payload["preview"]> }) {
  const named = new Set([...preview.incidentsPerDay, ...preview.alertsPerDay].map((one) => one.day));
  const at = [...named].sort();
  const channels = [...new Set(preview.alertsPerDay.map(({ channel }) => channel))].slice(0, 3);
  const incidents = new Map(preview.incidentsPerDay.map((one) => [one.day, one.incidents]));
  const lines: Line[] = [
    { label: words.previewIncidents, color: colors[0] as string, values: at.map((one) => incidents.get(one) ?? 0) },
    ...channels.map((channel, index) => ({
      label: words.previewAlerts(channel),
      color: colors[index + 1] as string,
      values: at.map(
        (one) => preview.alertsPerDay.find((row) => row.day === one && row.channel === channel)?.alerts ?? 0,
      ),
    })),
  ];
  const seconds = at.map((one) => Date.parse(`${one.slice(0, 10)}T00:00:00`) / 1_000);
  return (
    <div className="rule-chart">
      <Chart label={words.previewIncidents} at={seconds} lines={lines} bars />
    </div>
  );
}
