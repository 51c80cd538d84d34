import { fieldClasses } from "./classes.ts";
import { ecsFields } from "./ecs-fields.ts";
import type { EventDraft } from "./event.ts";
import { isObject, type JsonObject, valueAt } from "./json.ts";
import { shortestCut, textLimit } from "./readers.ts";
import { truncate } from "./text.ts";

/** The attribute that has the whole of each text that was cut, by the field's path. */
export const wholeKey = "vigil.truncated";

/** Text as it is stored in a field; the attributes keep the whole of what is cut, by the field's path. */
export function cutText(draft: EventDraft, path: string, text: string): string {
  if (text.length > textLimit) keepWhole(draft, path, text);
  return truncate(text, textLimit);
}

/** The whole of a text or a list that was cut, for rules and people to see. */
export function keepWhole(draft: EventDraft, path: string, whole: string | string[]): void {
  const cut = draft.attributes[wholeKey];
  draft.attributes[wholeKey] = { ...(isObject(cut) ? cut : {}), [path]: whole };
}

/**
 * The wholes of the model's texts, wherever the attributes have them: under `vigil.truncated`, or as ECS names them.
 * They are no fields of the sender's own: what stands in the model is their beginning. Undefined: nothing was cut.
 */
export function wholesOf(draft: EventDraft): Record<string, string> | undefined {
  const found = new Map<string, string>();
  const note = (path: string, sent: unknown): void => {
    const text: unknown = Array.isArray(sent) ? sent[0] : sent;
    const limit = path.startsWith("actor.") ? shortestCut : textLimit;
    if (typeof text !== "string" || text.length <= limit || found.has(path)) return;
    const stored = Object.hasOwn(fieldClasses, path) ? valueAt(draft as unknown as JsonObject, path) : undefined;
    if (typeof stored === "string" && text.length > stored.length && text.startsWith(stored)) found.set(path, text);
  };
  const kept = draft.attributes[wholeKey];
  if (isObject(kept)) for (const [path, text] of Object.entries(kept)) note(path, text);
  for (const [path, { group, name }] of ecsFields)
    note(group === undefined ? name : `${group}.${name}`, valueAt(draft.attributes, path));
  note("http.path", valueAt(draft.attributes, "url.original"));
  return found.size === 0 ? undefined : Object.fromEntries(found);
}
