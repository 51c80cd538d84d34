import type { FormEvent } from "react";
import { useDraft } from "../../data/use-draft.ts";
import { useMutation } from "../../data/use-mutation.ts";
import { type EntryKind, IncidentCommentAddDocument } from "../../generated/graphql.ts";
import { Button } from "../../parts/button.tsx";
import { errorAt, FormErrors, TextField } from "../../parts/field.tsx";
import { Html } from "../../parts/html.tsx";
import { Icon, type IconName } from "../../parts/icon.tsx";
import { Empty } from "../../parts/states.tsx";
import { Time } from "../../parts/time.tsx";
import { useMay } from "../../session/viewer.ts";
import { incidentWords as words } from "../../words/incident.ts";
import { words as shared } from "../../words.ts";
import type { PartProps } from "./incident.tsx";

const mostEntries = 100; // as the query asks for
const actionNames: Record<string, string> = shared.actionType;

function iconOf(kind: EntryKind): IconName {
  if (kind.startsWith("ACTION")) return "response";
  if (kind === "COMMENTED") return "comment";
  if (["RESOLVED", "CLOSED", "TASK_DONE", "ACKNOWLEDGED"].includes(kind)) return "check";
  if (["OPENED", "REOPENED", "SEVERITY_RAISED", "CLOCK_BREACHED"].includes(kind)) return "incident";
  if (["DETECTED", "COUNT_REACHED"].includes(kind)) return "rule";
  if (["ASSIGNED", "USER_ASKED", "USER_ANSWERED"].includes(kind)) return "entity";
  return "flag";
}

/** All that happened, the latest first, and what people say about it. */
export function Timeline({ incident, onChanged }: PartProps) {
  const mayWrite = useMay("incident.write");
  const entries = [...incident.entries.nodes].reverse();
  return (
    <div className="card-body stack">
      {mayWrite && <CommentForm incident={incident} onChanged={onChanged} />}
      {entries.length === 0 && <Empty text={words.noEntries} />}
      <ol className="timeline">
        {entries.map(({ id, at, actor, kind, message, html }) => (
          <li key={id}>
            <span className="timeline-icon">
              <Icon name={iconOf(kind)} size={14} />
            </span>
            <div className="timeline-text">
              {html ? <Html safe={html} /> : <Told text={message} />}
              <p className="muted small">
                {actor} · <Time at={at} as="second" />
              </p>
            </div>
          </li>
        ))}
      </ol>
      {entries.length >= mostEntries && <p className="muted small">{words.latest(entries.length)}</p>}
    </div>
  );
}

const moments = /(\d{4}-\d\d-\d\dT[\d:.]+Z)/;

/** What the server wrote, its moments in the reader's zone. Earlier versions began it with an action's name in the API. */
function Told({ text }: { text: string }) {
  const pieces = text.replace(/^[A-Z]+(?:_[A-Z]+)+/, (name) => actionNames[name] ?? name).split(moments);
  return (
    <p className="wrap">
      {pieces.map((piece, place) => (place % 2 === 1 ? <Time key={piece} at={piece} as="second" /> : piece))}
    </p>
  );
}

function CommentForm({ incident, onChanged }: PartProps) {
  const [body, setBody, sent] = useDraft(`comment ${incident.id}`);
  const add = useMutation(IncidentCommentAddDocument);

  async function send(event: FormEvent<HTMLFormElement>): Promise<void> {
    event.preventDefault();
    const form = event.currentTarget;
    if (!(await add.run({ id: incident.id, input: { body } }))) return;
    if (form.contains(document.activeElement)) form.querySelector("textarea")?.focus(); // its button goes
    sent(body);
    onChanged();
  }

  return (
    <form onSubmit={send} className="comment no-print">
      <TextField
        label={words.comment}
        hint={words.commentHint}
        value={body}
        onChange={setBody}
        rows={body ? 4 : 1}
        error={errorAt(add.errors, "input", "body")}
      />
      <FormErrors errors={add.errors} shown={["input.body"]} />
      {body.trim() && (
        <Button type="submit" small busy={add.busy}>
          {words.commentSend}
        </Button>
      )}
    </form>
  );
}
