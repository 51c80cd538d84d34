import { looksLikeEcs, readEcsEvent } from "./ecs-event.ts";
import type { EventDraft, Rejection } from "./event.ts";
import { plainFields } from "./fields.ts";
import { isObject, type JsonObject, newBudget, valueAt } from "./json.ts";
import { textLimit } from "./readers.ts";
import { Refusal } from "./refusal.ts";
import { truncate } from "./text.ts";
import { readTarget } from "./url.ts";
import { readVigilEvent } from "./vigil-event.ts";

export type Validated = { event: EventDraft } | { rejection: Rejection };

/**
 * One event as sent (Vigil's own shape or an ECS document) as a draft that the database can store, or the reason why not.
 * Never throws. `index` is the event's place in its batch, `now` the time of arrival in epoch ms. The caller has
 * bounded the size of the whole event.
 */
export function validateEvent(input: unknown, index: number, now: number): Validated {
  try {
    return { event: read(input, now) };
  } catch (refusal) {
    if (refusal instanceof Refusal) return { rejection: refusal.at(index) };
    throw refusal;
  }
}

function read(input: unknown, now: number): EventDraft {
  if (!isObject(input)) throw new Refusal("INVALID_EVENT", "an event must be a JSON object");
  const draft: EventDraft = { logsource: {}, action: "", category: "OTHER", outcome: "UNKNOWN", attributes: {} };
  if (looksLikeEcs(input)) readEcsEvent(input, draft, now, newBudget());
  else {
    draft.action = actionOf(input);
    readVigilEvent(input, draft, now, newBudget());
  }
  if (draft.http?.path !== undefined) draft.http = readTarget(draft, draft.http);
  if (draft.target?.patientId === undefined) namePatient(draft);
  return draft;
}

const patientNames = ["patient.id", "target.patientId"];

/** Whose record it is by the names that rules have for it: no event that they see as a patient's is stored in clear. */
function namePatient(draft: EventDraft): void {
  const ids = patientNames.flatMap((name) => valueAt(draft.attributes, name) ?? []); // of a list, each
  const id = ids.find((one) => typeof one === "number" || (typeof one === "string" && one !== ""));
  if (id !== undefined) draft.target = { ...draft.target, patientId: truncate(String(id), textLimit) };
}

function actionOf(input: JsonObject): string {
  const sent = input.action ?? undefined;
  const action = sent === undefined ? undefined : plainFields.action(sent, "action");
  if (action === undefined || action.trim() === "") {
    throw new Refusal("MISSING_ACTION", "an event needs an action, such as login (or event.action in an ECS document)");
  }
  return action;
}
