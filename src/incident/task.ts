/** What is to be done about an incident, and by whom. */
import { v7 as uuidv7 } from "uuid";
import type { Tx } from "../db.ts";
import { VigilError } from "../errors.ts";
import { sealWords, type WordsVault } from "../secrets/words.ts";
import { tellAssigned } from "./assigned.ts";
import { applyChange, type Changed, type ChangeInput, lockIncident } from "./move.ts";
import { assigneeId, refuseFinished } from "./work.ts";

const mostText = 500;

/** Adds a task; its text is sealed. Errors: NOT_FOUND, CONFLICT, BAD_USER_INPUT. */
export async function addTask(
  tx: Tx,
  vault: WordsVault,
  input: ChangeInput & { text: string; assignee?: string | undefined; dueAt?: Date | undefined },
): Promise<Changed & { taskId: string }> {
  const { id, actor, now, assignee, dueAt } = input;
  const text = input.text.trim();
  if (text === "" || text.length > mostText) {
    throw new VigilError("BAD_USER_INPUT", "A task has 1 to 500 characters.", { path: ["input", "text"] });
  }
  if (dueAt && dueAt.getTime() < now) {
    throw new VigilError("BAD_USER_INPUT", "A task cannot have been due before it was added.", {
      path: ["input", "dueAt"],
    });
  }
  const incident = await lockIncident(tx, input);
  refuseFinished(incident);
  const whose = assignee === undefined ? null : await assigneeId(tx, assignee);
  const taskId = uuidv7();
  const { sealed, digest } = await sealWords(tx, vault, { kind: "task", rowId: taskId, text });
  await tx.query(
    `INSERT INTO incident_tasks (organization_id, id, incident_id, sealed, assignee_id, due_at, author, created_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [tx.organizationId, taskId, id, sealed, whose, dueAt ?? null, actor, new Date(now)],
  );
  const message = `${actor} added a task${assignee === undefined ? "" : ` for ${assignee}`}`;
  const changed = await applyChange(tx, input, { columns: "" }, { kind: "TASK_ADDED", message, words: text }, vault);
  if (whose !== null && assignee !== undefined) {
    const { severity } = incident;
    const of = { cause: taskId, incidentId: id, severity, userId: whose, email: assignee };
    await tellAssigned(tx, { ...of, what: "task", actor, now });
  }
  return { ...changed, wordsDigest: digest, taskId };
}

/** Ticks a task off. Errors: NOT_FOUND, CONFLICT (it is done already). */
export async function finishTask(
  tx: Tx,
  { taskId, actor, now }: { taskId: string; actor: string; now: number },
): Promise<Changed & { incidentId: string }> {
  const { rows } = await tx.query<{ incident_id: string; done_by: string | null }>(
    "SELECT incident_id, done_by FROM incident_tasks WHERE organization_id = $1 AND id = $2",
    [tx.organizationId, taskId],
  );
  const [task] = rows;
  if (!task) throw new VigilError("NOT_FOUND", "There is no such task.", { path: ["id"] });
  const id = task.incident_id;
  await lockIncident(tx, { id });
  const { rowCount } = await tx.query(
    "UPDATE incident_tasks SET done_at = $3, done_by = $4 WHERE organization_id = $1 AND id = $2 AND done_at IS NULL",
    [tx.organizationId, taskId, new Date(now), actor],
  );
  if (rowCount === 0) {
    throw new VigilError("CONFLICT", "The task is done already.", { path: ["id"] });
  }
  const line = { kind: "TASK_DONE", message: `${actor} finished a task.` } as const;
  return { ...(await applyChange(tx, { id, actor, now }, { columns: "" }, line)), incidentId: id };
}
