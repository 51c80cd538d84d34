import "../../parts/list.css";
import { useEffect, useState } from "react";
import { useSearchParams } from "wouter";
import { useTail } from "../../data/use-tail.ts";
import type { EventOutcome, SecurityEventFilter } from "../../generated/graphql.ts";
import { AsScrolled } from "../../parts/as-scrolled.tsx";
import { Badge } from "../../parts/badge.tsx";
import { Button } from "../../parts/button.tsx";
import { SearchInput } from "../../parts/search.tsx";
import { Empty, Failed, Loading } from "../../parts/states.tsx";
import { incidentWords } from "../../words/incident.ts";
import { liveWords as words } from "../../words/live.ts";
import { EventTable } from "../incident/event-table.tsx";

const outcomes = Object.keys(incidentWords.outcome) as EventOutcome[];
const texts = [
  { name: "action", label: words.search },
  { name: "user", label: words.user },
  { name: "ip", label: words.ip },
] as const;

const mostShown = 200; // rows on the page
const drawnAtOnce = 25; // of them, about as many as a screen shows

function filterOf(search: URLSearchParams): SecurityEventFilter {
  const all: SecurityEventFilter[] = [];
  const action = search.get("action")?.trim();
  const user = search.get("user")?.trim();
  const ip = search.get("ip")?.trim();
  const outcome = outcomes.find((one) => one === search.get("outcome"));
  if (action) all.push({ action: { contains: action } });
  if (user) all.push({ actorName: { eq: user } });
  if (ip) all.push({ sourceIp: { eq: ip } }); // what is no address is refused
  if (outcome) all.push({ outcome: { eq: outcome } });
  return { and: all };
}

/** Events as they come in. */
export default function Live() {
  const [search, setSearch] = useSearchParams();
  const [isPaused, setIsPaused] = useState(false);
  const tail = useTail(filterOf(search), mostShown, isPaused);

  function set(name: string, value: string): void {
    const next = new URLSearchParams(search);
    if (value) next.set(name, value);
    else next.delete(name);
    setSearch(next, { replace: true });
  }

  return (
    <>
      <div className="page-head">
        <h1>{words.title}</h1>
        {isPaused && <Badge tone="warn">{words.paused(tail.waiting)}</Badge>}
        <span className="muted small number">
          {words.shown(tail.events.length)}
          {tail.passed > 0 && `, ${words.passed(tail.passed)}`}
        </span>
        <span className="push">
          <Button onClick={() => setIsPaused(!isPaused)} aria-pressed={isPaused}>
            {isPaused ? words.resume : words.pause}
          </Button>
        </span>
      </div>
      <div className="filters">
        {texts.map(({ name, label }) => (
          <Words key={name} label={label} value={search.get(name) ?? ""} onChange={(text) => set(name, text)} />
        ))}
        <select
          className="input"
          aria-label={words.outcome}
          value={search.get("outcome") ?? ""}
          onChange={(event) => set("outcome", event.target.value)}
        >
          <option value="">{words.anyOutcome}</option>
          {outcomes.map((one) => (
            <option key={one} value={one}>
              {incidentWords.outcome[one]}
            </option>
          ))}
        </select>
      </div>
      <section className="card">
        {tail.error ? (
          <Failed error={tail.error} onAgain={tail.reload} />
        ) : tail.loading ? (
          <Loading lines={12} />
        ) : tail.events.length === 0 ? (
          <Empty text={words.empty} icon="live" />
        ) : (
          <AsScrolled items={tail.events} step={drawnAtOnce}>
            {(events) => <EventTable events={events} />}
          </AsScrolled>
        )}
      </section>
    </>
  );
}

/** A field that filters once Enter is pressed or it is left. It shows the filter's words where others changed them. */
function Words({ label, value, onChange }: { label: string; value: string; onChange: (text: string) => void }) {
  const [text, setText] = useState(value);
  useEffect(() => setText(value), [value]);
  const tell = (): void => {
    if (text !== value) onChange(text);
  };
  return (
    <SearchInput
      label={label}
      value={text}
      onText={setText}
      onKeyDown={(event) => event.key === "Enter" && tell()}
      onBlur={tell}
    />
  );
}
