import type { FormEvent } from "react";
import { useDraft } from "../../data/use-draft.ts";
import { useMutation } from "../../data/use-mutation.ts";
import { EvidenceAddDocument } from "../../generated/graphql.ts";
import { Button } from "../../parts/button.tsx";
import { FormErrors, TextField } from "../../parts/field.tsx";
import { Severity } from "../../parts/severity.tsx";
import { Time } from "../../parts/time.tsx";
import { useMay } from "../../session/viewer.ts";
import { incidentWords as words } from "../../words/incident.ts";
import { EventTable } from "./event-table.tsx";
import type { PartProps } from "./incident.tsx";

/** What the rules found, with the events; and what people found. */
export function Evidence({ incident, onChanged }: PartProps) {
  const mayWrite = useMay("incident.write");
  const { detections, evidence } = incident;
  return (
    <div className="card-body stack">
      <h2>{words.detections}</h2>
      {detections.nodes.length === 0 && <p className="muted">{words.noDetections}</p>}
      {detections.nodes.map((detection) => (
        <section key={detection.id} className="detection">
          <div className="row">
            <Severity level={detection.severity} />
            <strong className="wrap">{detection.rule.name}</strong>
            <span className="muted small push">
              <Time at={detection.lastEventAt} as="clock" />
            </span>
          </div>
          <p className="small wrap">{detection.explanation}</p>
          <p className="muted small">{words.eventsShown(detection.events.length, detection.eventCount)}</p>
          <EventTable events={detection.events} />
        </section>
      ))}
      {detections.totalCount > detections.nodes.length && (
        <p className="muted small">{words.someOf(detections.nodes.length, detections.totalCount)}</p>
      )}
      <h2>{words.notes}</h2>
      {evidence.map(({ id, author, createdAt, note, url }) => (
        <div key={id} className="detection">
          {note && <p className="wrap">{note}</p>}
          {url && (
            <a href={url} rel="noreferrer noopener" target="_blank" className="wrap">
              {url}
            </a>
          )}
          <p className="muted small">
            {author} · <Time at={createdAt} as="clock" />
          </p>
        </div>
      ))}
      {mayWrite && <NoteForm incident={incident} onChanged={onChanged} />}
    </div>
  );
}

function NoteForm({ incident, onChanged }: PartProps) {
  const [note, setNote, sent] = useDraft(`note ${incident.id}`);
  const add = useMutation(EvidenceAddDocument);

  async function send(event: FormEvent): Promise<void> {
    event.preventDefault();
    if (!(await add.run({ id: incident.id, input: { note } }))) return;
    sent(note);
    onChanged();
  }

  return (
    <form onSubmit={send} className="comment no-print">
      <TextField label={words.noteText} value={note} onChange={setNote} rows={2} />
      <FormErrors errors={add.errors} />
      <Button type="submit" small busy={add.busy} disabled={note.trim() === ""}>
        {words.noteAdd}
      </Button>
    </form>
  );
}
