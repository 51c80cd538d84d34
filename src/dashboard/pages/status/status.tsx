import "./status.css";
import { useEffect, useState } from "react";
import { watch } from "../../api.ts";
import { useQuery } from "../../data/use-query.ts";
import {
  RealtimeGaugesDocument,
  type RealtimeGaugesSubscription,
  StatusOverviewDocument,
  SystemEnforcersDocument,
  SystemFindingsDocument,
} from "../../generated/graphql.ts";
import { Badge } from "../../parts/badge.tsx";
import { Button } from "../../parts/button.tsx";
import { durationText, secondsOf } from "../../parts/duration.ts";
import { Notice, Panel } from "../../parts/panel.tsx";
import { Empty, Loaded } from "../../parts/states.tsx";
import { useMay } from "../../session/viewer.ts";
import { statusWords as words } from "../../words/status.ts";

const renewal = 15_000; // ms between two looks at the parts

/** Whether the server is well: its parts, its version, its queues and how far it lags behind. */
export default function Status() {
  const state = useQuery(StatusOverviewDocument, {});
  const { reload } = state;
  useEffect(() => {
    const timer = setInterval(reload, renewal);
    return () => clearInterval(timer);
  }, [reload]);
  return (
    <>
      <div className="page-head">
        <h1>{words.title}</h1>
        <span className="push">
          <Button icon="refresh" kind="quiet" busy={state.loading} onClick={reload}>
            {words.refresh}
          </Button>
        </span>
      </div>
      <Loaded of={state}>
        {({ status }) => {
          const broken = status.parts.filter(({ ok }) => !ok);
          return (
            <>
              <Notice
                tone={status.ok ? "good" : "bad"}
                icon={status.ok ? "check" : "incident"}
                title={status.ok ? words.well : words.broken(broken.length)}
              >
                {words.version(status.version, durationText(secondsOf(status.uptime)))}
              </Notice>
              <Gauges />
              <Panel title={words.parts} lead={words.partsLead}>
                <ul className="status-parts">
                  {status.parts.map(({ name, ok, detail }) => (
                    <li key={name}>
                      <Badge tone={ok ? "good" : "bad"}>{ok ? words.works : words.fails}</Badge>
                      <strong>{words.partNames[name] ?? name}</strong>
                      <span className="muted wrap">{detail}</span>
                    </li>
                  ))}
                </ul>
              </Panel>
            </>
          );
        }}
      </Loaded>
      <Findings />
    </>
  );
}

type Gauge = RealtimeGaugesSubscription["realtimeMetrics"];

/** Queues and lag, as they are now. */
function Gauges() {
  const [now, setNow] = useState<Gauge>();
  useEffect(() => watch(RealtimeGaugesDocument, { interval: "PT2S" }, (result) => setNow(result.realtimeMetrics)), []);
  const enforcers = useQuery(SystemEnforcersDocument, useMay("decision.read") ? {} : undefined);
  const { reload } = enforcers;
  useEffect(() => {
    const timer = setInterval(reload, renewal);
    return () => clearInterval(timer);
  }, [reload]);
  const all = enforcers.data?.enforcers.nodes ?? [];
  const silent = all.filter(({ isOnline }) => !isOnline).length;
  const behind = all.filter((one) => one.behind > 0).length;
  const figures: [string, string, string][] = [
    [
      words.events,
      now ? now.eventsPerSecond.toLocaleString(undefined, { maximumFractionDigits: 1 }) : "–",
      words.perSecond,
    ],
    [
      words.lag,
      now?.ingestLagMs == null ? "–" : words.milliseconds(now.ingestLagMs),
      now && now.eventsRefusedPerSecond > 0 ? words.refused(now.eventsRefusedPerSecond) : words.lagHint,
    ],
    [words.queue, now ? now.alertsQueued.toLocaleString() : "–", words.queueHint],
    [words.enforcers, enforcers.data ? words.online(all.length - silent, all.length) : "–", words.behind(behind)],
  ];
  return (
    <dl className="status-figures">
      {figures.map(([name, value, hint]) => (
        <div key={name} className="card">
          <dt>{name}</dt>
          <dd>{value}</dd>
          <dd className="muted small">{hint}</dd>
        </div>
      ))}
    </dl>
  );
}

/** What of the alerting settings would not do what their author thinks. */
function Findings() {
  const may = useMay("alertSettings.read");
  const state = useQuery(SystemFindingsDocument, may ? {} : undefined);
  if (!may) return null;
  return (
    <Panel title={words.findings} lead={words.findingsLead}>
      <Loaded of={state} lines={3}>
        {({ alertSettingsLint }) =>
          alertSettingsLint.length === 0 ? (
            <Empty text={words.noFindings} />
          ) : (
            <ul className="status-parts">
              {alertSettingsLint.map(({ kind, name, message }) => (
                <li key={kind + name + message}>
                  <Badge tone="warn">{words.weak}</Badge>
                  <strong className="wrap">{name ?? words.everywhere}</strong>
                  <span className="muted wrap">{message}</span>
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
    </Panel>
  );
}
