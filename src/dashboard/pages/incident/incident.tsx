import "./incident.css";
import { useState } from "react";
import { Link, useParams } from "wouter";
import { useFeed } from "../../data/feed.ts";
import { incidentFeed } from "../../data/feeds.ts";
import { useQuery } from "../../data/use-query.ts";
import { useSoon } from "../../data/use-soon.ts";
import { useTitle } from "../../data/use-title.ts";
import { IncidentPageDocument, type IncidentPageQuery } from "../../generated/graphql.ts";
import { Back } from "../../parts/back.tsx";
import { Loaded, Missing } from "../../parts/states.tsx";
import { Tabs } from "../../parts/tabs.tsx";
import { incidentWords as words } from "../../words/incident.ts";
import { pageWords } from "../../words/pages.ts";
import { Alerts } from "./alerts.tsx";
import { Evidence } from "./evidence.tsx";
import { Facts } from "./facts.tsx";
import { Head } from "./head.tsx";
import { ResponsePanel } from "./response-panel.tsx";
import { Tasks } from "./tasks.tsx";
import { Timeline } from "./timeline.tsx";

export type IncidentDetail = NonNullable<IncidentPageQuery["incident"]>;

/** What a part of the page is given: the incident, and what has it read anew after a change. */
export interface PartProps {
  incident: IncidentDetail;
  onChanged: () => void;
}

const tabKeys = ["timeline", "evidence", "tasks", "alerts"] as const;

/** One incident: what happened, to whom, what was done, and what is to be done. */
export default function Incident() {
  const { number = "" } = useParams<{ number: string }>();
  const value = Number(number);
  const page = useQuery(IncidentPageDocument, Number.isSafeInteger(value) && value > 0 ? { number: value } : undefined);
  const soon = useSoon(page.reload, 500);
  useFeed(incidentFeed, ({ changes, lost }) => {
    if (lost || changes.some(({ incident }) => incident?.number === value)) soon();
  });

  const missing = (
    <Missing title={pageWords.incident} text={words.notFound(number)}>
      <Link href="/incidents">{words.back}</Link>
    </Missing>
  );
  if (!Number.isSafeInteger(value) || value <= 0) return missing;
  return (
    <Loaded of={page} lines={14} title={pageWords.incident}>
      {({ incident }) => (incident ? <Shown key={incident.id} incident={incident} onChanged={page.reload} /> : missing)}
    </Loaded>
  );
}

function Shown({ incident, onChanged }: PartProps) {
  useTitle(`${pageWords.incident} ${incident.number}`); // a browser's history is no place for more
  const [tab, setTab] = useState<(typeof tabKeys)[number]>("timeline");
  const counts: Record<string, number | undefined> = {
    evidence: incident.detections.totalCount + incident.evidence.length,
    tasks: incident.tasks.filter(({ doneAt }) => !doneAt).length || undefined,
    alerts: incident.alerts.totalCount,
  };
  const tabs = tabKeys.map((key) => ({
    key,
    label: words.tabs[key],
    ...(counts[key] === undefined ? {} : { count: counts[key] }),
  }));
  const Part = { timeline: Timeline, evidence: Evidence, tasks: Tasks, alerts: Alerts }[tab];
  return (
    <article className="incident">
      <Back href="/incidents">{words.back}</Back>
      <Head incident={incident} onChanged={onChanged} />
      <div className="incident-grid">
        <ResponsePanel incident={incident} onChanged={onChanged} />
        <section className="card incident-main">
          <Tabs label={words.tabs.timeline} tabs={tabs} shown={tab} onShow={setTab}>
            <Part incident={incident} onChanged={onChanged} />
          </Tabs>
        </section>
        <div className="stack">
          <Facts incident={incident} onChanged={onChanged} />
        </div>
      </div>
    </article>
  );
}
