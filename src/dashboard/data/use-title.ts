import { useEffect } from "react";
import { visible } from "../parts/visible.ts";
import { words } from "../words.ts";

/** What the browser calls the tab while something is shown that its page's title does not tell apart. */
export function useTitle(text: string): void {
  useEffect(() => {
    document.title = `${visible(text)} · ${words.product}`;
  }, [text]);
}
