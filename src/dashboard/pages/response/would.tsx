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
  const [number, setNumber] = useState<number>();
  return (
    <Panel title={words.title} lead={words.lead}>
      <div className="card-body stack">
        <form
          className="inline-form"
          onSubmit={(event) => {
            event.preventDefault();
            const asked = Number(text.replace("#", ""));
            if (Number.isInteger(asked) && asked > 0) setNumber(asked);
          }}
        >
          <TextField label={words.number} value={text} onChange={setText} placeholder="1" />
          <Button type="submit">{words.ask}</Button>
        </form>
        {number !== undefined && <Considered key={number} number={number} />}
      </div>
    </Panel>
  );
}

function Considered({ number }: { number: number }) {
  const state = useQuery(ResponseWouldDocument, { number });
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
