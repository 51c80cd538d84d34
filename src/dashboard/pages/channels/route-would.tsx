import { useState } from "react";
import { useQuery } from "../../data/use-query.ts";
import { RouteIncidentDocument, RouteWouldDocument } from "../../generated/graphql.ts";
import { Badge } from "../../parts/badge.tsx";
import { Button } from "../../parts/button.tsx";
import { durationText } from "../../parts/duration.ts";
import { TextField } from "../../parts/field.tsx";
import { Panel } from "../../parts/panel.tsx";
import { recipientText } from "../../parts/recipient.tsx";
import { Loaded } from "../../parts/states.tsx";
import { routeWords } from "../../words/channels.ts";

const words = routeWords.would;

/** Who would be told of an incident now, by which route, and why not the others. Nobody is told. */
export function RouteWould() {
  const [text, setText] = useState("");
  const [asked, setAsked] = useState<{ number: number; times: number }>();
  return (
    <Panel title={words.title} lead={words.lead}>
      <div className="card-body stack">
        <form
          className="inline-form"
          onSubmit={(event) => {
            event.preventDefault();
            const number = Number(text.replace("#", ""));
            if (!Number.isInteger(number) || number <= 0) return;
            setAsked((before) => ({ number, times: (before?.times ?? 0) + 1 })); // also the same once more
          }}
        >
          <TextField label={words.number} value={text} onChange={setText} placeholder="1" />
          <Button type="submit">{words.ask}</Button>
        </form>
        {asked && <Found key={asked.times} number={asked.number} />}
      </div>
    </Panel>
  );
}

function Found({ number }: { number: number }) {
  const state = useQuery(RouteIncidentDocument, { number }, { anew: true });
  return (
    <Loaded of={state} lines={2}>
      {({ incident }) =>
        incident ? (
          <>
            <strong className="small wrap">
              #{number} {incident.title}
            </strong>
            <Told incidentId={incident.id} />
          </>
        ) : (
          <p className="muted small">{words.none(number)}</p>
        )
      }
    </Loaded>
  );
}

function Told({ incidentId }: { incidentId: string }) {
  const state = useQuery(RouteWouldDocument, { incidentId }, { anew: true });
  return (
    <Loaded of={state} lines={3}>
      {({ alertRoutePreview: { notTold, alerts, routes } }) => (
        <>
          {notTold && <p className="small">{notTold}</p>}
          <ul className="would">
            {alerts.map(({ channel, recipient, route, waitSeconds, heldBy }) => (
              <li key={channel + recipient + route}>
                <Badge tone={heldBy.length > 0 ? "warn" : "good"}>{heldBy.length > 0 ? words.held : words.told}</Badge>
                <div className="two-lines">
                  <span className="wrap">
                    {channel} {recipientText(recipient)}
                  </span>
                  <span className="muted wrap">
                    {[
                      words.by(route),
                      waitSeconds > 0 ? words.after(durationText(waitSeconds)) : "",
                      ...heldBy.map(({ reason }) => reason),
                    ]
                      .filter(Boolean)
                      .join(" · ")}
                  </span>
                </div>
              </li>
            ))}
            {routes.map(({ name, verdict, reason }) => (
              <li key={name}>
                <Badge tone={verdict === "TELLS" ? "good" : "neutral"}>{words.verdicts[verdict]}</Badge>
                <div className="two-lines">
                  <span className="wrap">{name}</span>
                  <span className="muted wrap">{reason}</span>
                </div>
              </li>
            ))}
          </ul>
        </>
      )}
    </Loaded>
  );
}
