import "../../parts/table.css";
import { type CSSProperties, Fragment, memo, useState } from "react";
import type { EventRowFragment } from "../../generated/graphql.ts";
import { Badge } from "../../parts/badge.tsx";
import { Button } from "../../parts/button.tsx";
import { Time } from "../../parts/time.tsx";
import { incidentWords } from "../../words/incident.ts";
import { words } from "../../words.ts";

const heads = incidentWords.event;

/** Events, one a line; a line opens to all that was sent. */
export function EventTable({ events }: { events: readonly EventRowFragment[] }) {
  const [open, setOpen] = useState<string>();
  return (
    <div className="table-frame">
      <table className="table table-fixed events">
        <thead>
          <tr>
            <th scope="col" style={{ "--width": "150px" } as CSSProperties}>
              {heads.time}
            </th>
            <th scope="col">{heads.action}</th>
            <th scope="col">{heads.who}</th>
            <th scope="col" className="from-tablet">
              {heads.from}
            </th>
            <th scope="col" className="from-desktop">
              {heads.target}
            </th>
            <th scope="col" style={{ "--width": "100px" } as CSSProperties}>
              {heads.outcome}
            </th>
            <th scope="col" style={{ "--width": "60px" } as CSSProperties}>
              <span className="hidden-text">{words.do.more}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {events.map((event) => (
            <EventLine key={event.id} event={event} isOpen={open === event.id} onToggle={setOpen} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface EventLineProps {
  event: EventRowFragment;
  isOpen: boolean;
  onToggle: (id: string | undefined) => void;
}

/** Drawn once however often lines come before it. */
const EventLine = memo(function EventLine({ event, isOpen, onToggle }: EventLineProps) {
  return (
    <>
      <tr>
        <td>
          <Time at={event.time} as="second" />
        </td>
        <td className="mono wrap">{event.action}</td>
        <td className="wrap">{event.actorName ?? event.actorEmail ?? event.actorId ?? withheld(event)}</td>
        <td className="from-tablet">
          <span className="mono">{event.sourceIp}</span>
          {event.place?.country && <span className="muted"> {placeOf(event.place)}</span>}
        </td>
        <td className="from-desktop wrap">{event.targetName ?? event.targetId ?? event.targetType}</td>
        <td>
          <Badge tone={event.outcome === "FAILURE" ? "warn" : "neutral"}>{incidentWords.outcome[event.outcome]}</Badge>
        </td>
        <td>
          <Button
            kind="quiet"
            small
            icon={isOpen ? "down" : "right"}
            label={words.do.more}
            aria-expanded={isOpen}
            onClick={() => onToggle(isOpen ? undefined : event.id)}
          />
        </td>
      </tr>
      {isOpen && (
        <tr>
          <td colSpan={7}>
            <dl className="facts">
              {factsOf(event).map(([name, value]) => (
                <Fragment key={name}>
                  <dt className="mono">{name}</dt>
                  <dd className="mono">{value}</dd>
                </Fragment>
              ))}
            </dl>
          </td>
        </tr>
      )}
    </>
  );
});

function withheld({ isWithheld }: EventRowFragment) {
  return isWithheld ? <span className="muted">{incidentWords.withheld}</span> : null;
}

function placeOf({ city, country }: NonNullable<EventRowFragment["place"]>): string {
  return [city, country].filter(Boolean).join(", ");
}

/** Every field that is set, by name; attributes one by one. */
function factsOf({ attributes, place, id, isWithheld, receivedAt, ...fields }: EventRowFragment): [string, string][] {
  const more = Object.entries((attributes ?? {}) as Record<string, unknown>);
  return [...Object.entries(fields), ...more].flatMap(([name, value]) =>
    value === null || value === undefined || value === ""
      ? []
      : [[name, typeof value === "object" ? JSON.stringify(value) : String(value)] as [string, string]],
  );
}
