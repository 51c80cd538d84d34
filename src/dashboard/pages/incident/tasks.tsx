import type { FormEvent } from "react";
import { useDraft } from "../../data/use-draft.ts";
import { useMutation } from "../../data/use-mutation.ts";
import { TaskAddDocument, TaskFinishDocument } from "../../generated/graphql.ts";
import { Button } from "../../parts/button.tsx";
import { errorAt, FormErrors, TextField } from "../../parts/field.tsx";
import { Empty } from "../../parts/states.tsx";
import { Time } from "../../parts/time.tsx";
import { useMay } from "../../session/viewer.ts";
import { incidentWords as words } from "../../words/incident.ts";
import type { PartProps } from "./incident.tsx";

/** What is to be done, and what was. */
export function Tasks({ incident, onChanged }: PartProps) {
  const mayWrite = useMay("incident.write");
  const finish = useMutation(TaskFinishDocument);
  const [text, setText, sent] = useDraft(`task ${incident.id}`);
  const add = useMutation(TaskAddDocument);

  async function send(event: FormEvent): Promise<void> {
    event.preventDefault();
    if (!(await add.run({ id: incident.id, input: { text } }))) return;
    sent(text);
    onChanged();
  }

  return (
    <div className="card-body stack">
      {incident.tasks.length === 0 && <Empty text={words.noTasks} />}
      <ul className="tasks">
        {incident.tasks.map((task) => (
          <li key={task.id} className="row">
            <input
              type="checkbox"
              checked={task.doneAt !== null}
              disabled={!mayWrite || task.doneAt !== null || finish.busy}
              aria-label={words.taskDone(task.text)}
              onChange={() => void finish.run({ id: task.id }).then((done) => done && onChanged())}
            />
            <span className={task.doneAt ? "muted wrap" : "wrap"}>{task.text}</span>
            <span className="muted small push">
              {task.doneBy ? words.by(task.doneBy) : (task.assignee?.name ?? words.by(task.author))}
              {task.dueAt && !task.doneAt && (
                <>
                  , {words.due} <Time at={task.dueAt} as="relative" />
                </>
              )}
            </span>
          </li>
        ))}
      </ul>
      <FormErrors errors={finish.errors} />
      {mayWrite && (
        <form onSubmit={send} className="comment no-print">
          <TextField
            label={words.taskText}
            value={text}
            onChange={setText}
            error={errorAt(add.errors, "input", "text")}
          />
          <FormErrors errors={add.errors} shown={["input.text"]} />
          <Button type="submit" small busy={add.busy} disabled={text.trim() === ""}>
            {words.taskAdd}
          </Button>
        </form>
      )}
    </div>
  );
}
