import "./entity.css";
import { useState } from "react";
import { useFeed } from "../../data/feed.ts";
import { incidentFeed } from "../../data/feeds.ts";
import { useParam } from "../../data/use-param.ts";
import { useQuery } from "../../data/use-query.ts";
import { useSoon } from "../../data/use-soon.ts";
import { useTitle } from "../../data/use-title.ts";
import { type EntityKind, EntityPageDocument, type EntityPageQuery } from "../../generated/graphql.ts";
import { Back } from "../../parts/back.tsx";
import { Badge } from "../../parts/badge.tsx";
import { Score } from "../../parts/score.tsx";
import { Severity } from "../../parts/severity.tsx";
import { Empty, Loaded, Missing } from "../../parts/states.tsx";
import { Table } from "../../parts/table.tsx";
import { Tabs } from "../../parts/tabs.tsx";
import { useMay } from "../../session/viewer.ts";
import { entityWords as words } from "../../words/entities.ts";
import { pageWords } from "../../words/pages.ts";
import { EventTable } from "../incident/event-table.tsx";
import { columns } from "../incidents/columns.tsx";
import { EntitySide } from "./entity-side.tsx";

export type EntityDetail = NonNullable<EntityPageQuery["entity"]>;
const tabs = (["incidents", "events", "profile"] as const).map((key) => ({ key, label: words.tabs[key] }));

/** One user, address or the like: how risky, why, and what is usual for it. */
export default function Entity() {
  const key = useParam("key");
  const kind = useParam("kind").toUpperCase();
  const isKind = kind in words.kinds;
  const withProfile = useMay("profile.read");
  const page = useQuery(EntityPageDocument, isKind ? { kind: kind as EntityKind, key, withProfile } : undefined);
  useFeed(incidentFeed, useSoon(page.reload, 5_000));

  const missing = (
    <>
      <Back href="/entities">{words.back}</Back>
      <Missing title={key || pageWords.entity} text={words.notFound} />
    </>
  );
  if (!isKind) return missing;
  return (
    <Loaded of={page} lines={12} title={key}>
      {({ entity }) => (entity ? <Shown entity={entity} onChanged={page.reload} /> : missing)}
    </Loaded>
  );
}

function Shown({ entity, onChanged }: { entity: EntityDetail; onChanged: () => void }) {
  useTitle(entity.key);
  const [tab, setTab] = useState<(typeof tabs)[number]["key"]>("incidents");
  return (
    <article>
      <Back href="/entities">{words.back}</Back>
      <header className="entity-head">
        <div className="row">
          <Badge tone="accent">{words.kinds[entity.kind]}</Badge>
          {entity.riskLevel && <Severity level={entity.riskLevel} />}
          <span className="small" title={words.score}>
            <Score value={entity.risk} />
          </span>
        </div>
        <h1 className="wrap">{entity.key}</h1>
      </header>
      <div className="entity-grid">
        <section className="card">
          <Tabs label={entity.key} tabs={tabs} shown={tab} onShow={setTab}>
            {tab === "incidents" && <Incidents entity={entity} />}
            {tab === "events" && <Events entity={entity} />}
            {tab === "profile" && <Profile entity={entity} />}
          </Tabs>
        </section>
        <EntitySide entity={entity} onChanged={onChanged} />
      </div>
    </article>
  );
}

function Incidents({ entity }: { entity: EntityDetail }) {
  const { nodes } = entity.incidents;
  if (nodes.length === 0) return <Empty text={words.noIncidents} />;
  const shown = columns.filter(({ key }) => key !== "assignee" && key !== "events");
  return <Table label={words.tabs.incidents} columns={shown} rows={nodes} rowKey={({ id }) => id} />;
}

function Events({ entity }: { entity: EntityDetail }) {
  const { nodes } = entity.events;
  return nodes.length === 0 ? <Empty text={words.noEvents} icon="live" /> : <EventTable events={nodes} />;
}

function Profile({ entity }: { entity: EntityDetail }) {
  if (entity.profile === undefined) return <Empty text={words.profileHidden} icon="response" />;
  if (entity.profile.length === 0) return <Empty text={words.noProfile} icon="entity" />;
  return (
    <dl className="facts card-body">
      {entity.profile.map(({ facet, told }) => (
        <div key={facet} className="entity-facet">
          <dt>{facet}</dt>
          <dd>{told}</dd>
        </div>
      ))}
    </dl>
  );
}
