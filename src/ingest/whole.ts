import type { EventDraft } from "./event.ts";
import { textLimit } from "./readers.ts";
import { truncate } from "./text.ts";

/** Text as it is stored in a field; the attributes keep the whole of what is cut, by the field's path. */
export function cutText(draft: EventDraft, path: string, text: string): string {
  if (text.length > textLimit) keepWhole(draft, path, text);
  return truncate(text, textLimit);
}

/** The whole of a text that was cut, for rules and people to see. */
export function keepWhole(draft: EventDraft, path: string, text: string): void {
  const cut = draft.attributes["vigil.truncated"] as Record<string, string> | undefined;
  draft.attributes["vigil.truncated"] = { ...cut, [path]: text };
}
