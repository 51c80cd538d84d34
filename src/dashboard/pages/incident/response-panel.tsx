import { useState } from "react";
import { Button } from "../../parts/button.tsx";
import { useMay } from "../../session/viewer.ts";
import { incidentWords as words } from "../../words/incident.ts";
import { words as shared } from "../../words.ts";
import { Action } from "./action.tsx";
import type { PartProps } from "./incident.tsx";
import { RespondDialog } from "./respond-dialog.tsx";
import { type Suggestion, suggestionsOf } from "./suggest.ts";

/** What was done about it, what waits for approval, and what could be done next. */
export function ResponsePanel({ incident, onChanged }: PartProps) {
  const mayRespond = useMay("respond.write");
  const [asks, setAsks] = useState<Suggestion>();
  const actions = incident.actions.nodes;
  const inForce = new Set(
    actions
      .filter(({ status }) => status === "APPLIED" || status === "AWAITING_APPROVAL")
      .map(({ type, target }) => `${type} ${target}`),
  );
  const isOver = ["RESOLVED", "CLOSED", "MERGED"].includes(incident.status);
  const suggestions = isOver
    ? []
    : suggestionsOf(incident).filter(({ type, target }) => !inForce.has(`${type} ${target}`));
  return (
    <section className="card">
      <header className="card-head">
        <h2>{words.response}</h2>
        {mayRespond && (
          <span className="push">
            <Button small onClick={() => setAsks(suggestions[0] ?? { type: "BLOCK_IP", target: "" })}>
              {words.respond}
            </Button>
          </span>
        )}
      </header>
      <div className="card-body stack">
        {mayRespond && suggestions.length > 0 && (
          <div className="suggestions no-print">
            <h3 className="muted">{words.suggested}</h3>
            {suggestions.map((one) => (
              <button key={one.type + one.target} type="button" className="suggestion" onClick={() => setAsks(one)}>
                <strong>{shared.actionType[one.type]}</strong>
                <span className="mono wrap">{one.target}</span>
              </button>
            ))}
          </div>
        )}
        {actions.length === 0 ? (
          <p className="muted small">{words.noActions}</p>
        ) : (
          <ul className="stack actions">
            {actions.map((action) => (
              <Action key={action.id} action={action} onChanged={onChanged} />
            ))}
          </ul>
        )}
      </div>
      {asks && (
        <RespondDialog
          incident={incident}
          suggestion={asks}
          onClose={() => setAsks(undefined)}
          onDone={() => {
            setAsks(undefined);
            onChanged();
          }}
        />
      )}
    </section>
  );
}
