import { useCallback, useState } from "react";
import { onSignedOut } from "../api.ts";

const drafts = new Map<string, string>();

onSignedOut(() => drafts.clear()); // they are of whoever was here

/** A text that somebody writes for `of`: it is still there when they come back from another tab or page. Empty: none. */
export function useDraft(of: string): [string, set: (text: string) => void, sent: (text: string) => void] {
  const [text, setText] = useState(() => drafts.get(of) ?? "");
  const set = useCallback(
    (next: string) => {
      setText(next);
      if (next) drafts.set(of, next);
      else drafts.delete(of);
    },
    [of],
  );
  const sent = (was: string): void => {
    if (drafts.get(of) === was) set(""); // else more was written meanwhile
  };
  return [text, set, sent];
}
