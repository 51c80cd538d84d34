import "./rows.css";
import { useTail } from "../data/use-tail.ts";
import { Badge } from "../parts/badge.tsx";
import { Empty, Failed, Loading } from "../parts/states.tsx";
import { Time } from "../parts/time.tsx";
import { incidentWords } from "../words/incident.ts";
import { overviewWords as words } from "../words/overview.ts";
import { choiceOf, type Settings } from "./widget.ts";

const mostShown = 40;
const filters = { ALL: {}, FAILURE: { outcome: { eq: "FAILURE" } } } as const;

/** The latest events, as they come in. */
export default function Events({ settings }: { settings: Settings }) {
  const { events, passed, error, loading, reload } = useTail(
    filters[choiceOf(settings, "outcome", ["ALL", "FAILURE"])],
    mostShown,
  );
  if (error) return <Failed error={error} onAgain={reload} />;
  if (loading) return <Loading lines={7} />;
  if (events.length === 0) return <Empty text={words.noEvents} icon="live" />;
  return (
    <ul className="rows">
      {events.map(({ id, time, action, outcome, actorName, actorId, sourceIp }) => (
        <li key={id}>
          <span className="muted rows-time">
            <Time at={time} as="second" />
          </span>
          <span className="mono clip">{action}</span>
          <span className="rows-main clip">{actorName ?? actorId}</span>
          <span className="muted mono clip">{sourceIp}</span>
          {outcome === "FAILURE" && <Badge tone="warn">{incidentWords.outcome.FAILURE}</Badge>}
        </li>
      ))}
      {passed > 0 && <li className="muted small">{words.passed(passed)}</li>}
    </ul>
  );
}
