import { useState } from "react";
import { useMutation } from "../../data/use-mutation.ts";
import {
  IncidentAcknowledgeDocument,
  IncidentCloseDocument,
  IncidentContainDocument,
  IncidentInvestigateDocument,
  IncidentReopenDocument,
  IncidentResolveDocument,
} from "../../generated/graphql.ts";
import { Button } from "../../parts/button.tsx";
import { FormErrors } from "../../parts/field.tsx";
import { Score } from "../../parts/score.tsx";
import { Severity } from "../../parts/severity.tsx";
import { Status } from "../../parts/status.tsx";
import { Time } from "../../parts/time.tsx";
import { toast } from "../../parts/toast.tsx";
import { useMay } from "../../session/viewer.ts";
import { incidentWords as words } from "../../words/incident.ts";
import { Clocks } from "./clocks.tsx";
import type { PartProps } from "./incident.tsx";
import { type Move, movesOf } from "./moves.ts";
import { ReasonDialog } from "./reason-dialog.tsx";
import { ReportDialog } from "./report-dialog.tsx";
import { ResolveDialog } from "./resolve-dialog.tsx";

/** What the incident is, where it stands, and the steps of its life. */
export function Head({ incident, onChanged }: PartProps) {
  const mayWrite = useMay("incident.write");
  const [asks, setAsks] = useState<Move | "report">();
  const { id } = incident;
  const acknowledge = useMutation(IncidentAcknowledgeDocument);
  const investigate = useMutation(IncidentInvestigateDocument);
  const contain = useMutation(IncidentContainDocument);
  const resolve = useMutation(IncidentResolveDocument);
  const close = useMutation(IncidentCloseDocument);
  const reopen = useMutation(IncidentReopenDocument);
  const direct = { acknowledge, investigate, close };
  const reasoned = { contain, reopen };

  async function done(move: Move, result: Promise<object | undefined>): Promise<void> {
    if (!(await result)) return;
    toast(words.moved[move]);
    setAsks(undefined);
    onChanged();
  }

  function press(move: Move): void {
    for (const { clear } of Object.values(direct)) clear(); // of what was refused before, it says nothing
    if (move === "acknowledge" || move === "investigate" || move === "close") void done(move, direct[move].run({ id }));
    else setAsks(move);
  }

  return (
    <header className="incident-head">
      <div className="row">
        <Severity level={incident.severity} />
        <Status status={incident.status} />
        <span className="muted small number">#{incident.number}</span>
        <span className="muted small">
          {words.events(incident.eventCount)}, <Time at={incident.lastEventAt} as="relative" />
        </span>
        <span className="small" title={words.score}>
          <Score value={incident.threatScore} />
        </span>
      </div>
      <h1 className="wrap">{incident.title}</h1>
      <Clocks clocks={incident.clocks} />
      <div className="row no-print">
        {mayWrite &&
          movesOf(incident.status).map((move, index) => (
            <Button
              key={move}
              kind={index === 0 ? "primary" : "plain"}
              onClick={() => press(move)}
              busy={move in direct ? direct[move as keyof typeof direct].busy : false}
            >
              {words.moves[move]}
            </Button>
          ))}
        <Button kind="quiet" icon="report" onClick={() => setAsks("report")}>
          {words.report}
        </Button>
      </div>
      <FormErrors errors={[...acknowledge.errors, ...investigate.errors, ...close.errors]} />
      {asks === "resolve" && (
        <ResolveDialog
          title={words.resolveTitle(incident.number)}
          errors={resolve.errors}
          busy={resolve.busy}
          onClose={() => setAsks(undefined)}
          onResolve={(input) => void done("resolve", resolve.run({ id, input }))}
        />
      )}
      {(asks === "contain" || asks === "reopen") && (
        <ReasonDialog
          title={words.reasonTitle[asks]}
          errors={reasoned[asks].errors}
          busy={reasoned[asks].busy}
          onClose={() => setAsks(undefined)}
          onReason={(reason) => void done(asks, reasoned[asks].run({ id, input: { reason } }))}
        />
      )}
      {asks === "report" && <ReportDialog incident={incident} onClose={() => setAsks(undefined)} />}
    </header>
  );
}
