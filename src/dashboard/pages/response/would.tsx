import { useState } from "react";
import { useQuery } from "../../data/use-query.ts";
import { ResponseWouldDocument } from "../../generated/graphql.ts";
import { Badge } from "../../parts/badge.tsx";
import { Button } from "../../parts/button.tsx";
import { TextField } from "../../parts/field.tsx";
import { Panel } from "../../parts/panel.tsx";
import { Loaded } from "../../parts/states.tsx";
import { responseWords } from "../../words/response.ts";
import { words as shared } from "../../words.ts";

const words = responseWords.would;

/** What the rules would make of one incident now, and what not, and why. Nothing is done. */
export function Would() {
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
        {asked && <Considered key={asked.times} number={asked.number} />}
      </div>
    </Panel>
  );
}

function Considered({ number }: { number: number }) {
  const state = useQuery(ResponseWouldDocument, { number }, { anew: true });
  return (
    <Loaded of={state} lines={3}>
      {({ incident }) =>
        incident ? (
          <>
            <p className="small">
              <strong className="wrap">
                #{incident.number} {incident.title}
              </strong>
            </p>
            <ul className="would">
              {[...incident.response]
                .sort((a, b) => Number(b.chosen) - Number(a.chosen))
                .map(({ rule, type, target, chosen, reason }) => (
                  <li key={`${rule?.name}${type}${target}${reason}`}>
                    <Badge tone={chosen ? "good" : "neutral"}>{chosen ? words.yes : words.no}</Badge>
                    <div className="two-lines">
                      <span className="wrap">
                        {rule?.name}
                        {type && `: ${shared.actionType[type]}`} {target && <span className="mono">{target}</span>}
                      </span>
                      <span className="muted wrap">{reason}</span>
                    </div>
                  </li>
                ))}
            </ul>
          </>
        ) : (
          <p className="muted small">{words.none(number)}</p>
        )
      }
    </Loaded>
  );
}
