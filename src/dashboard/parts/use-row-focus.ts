import { type RefObject, useEffect, useRef } from "react";

/** What of a row gets the focus: its first field, or one of its buttons. */
type Part = "field" | "up" | "remove";

interface RowFocus {
  /** Of the fieldset. */
  list: RefObject<HTMLFieldSetElement | null>;
  /** Has a part of a row get the focus once the rows have changed; where there is no such row, the last one's. */
  focusOn: (part: Part, index: number) => void;
}

/**
 * Keeps the focus in a form's list of rows when one is added, moved or removed: it would go with what had it.
 * Rows are the fieldset's children with `data-row`; `data-row-up` and `data-row-remove` are on their buttons, and
 * `data-row-add` on the one below them, which gets the focus where no row's button can.
 */
export function useRowFocus(): RowFocus {
  const list = useRef<HTMLFieldSetElement>(null);
  const wanted = useRef<{ part: Part; index: number }>(undefined);

  useEffect(() => {
    if (!wanted.current || !list.current) return;
    const { part, index } = wanted.current;
    wanted.current = undefined;
    const rows = list.current.querySelectorAll<HTMLElement>(":scope > [data-row]");
    const row = rows[Math.min(index, rows.length - 1)];
    const add = list.current.querySelector<HTMLElement>(":scope > div > [data-row-add]");
    ((row && partOf(row, part)) ?? add)?.focus();
  });

  return { list, focusOn: (part, index) => void (wanted.current = { part, index }) };
}

/** The row's own part, not that of a list within it. */
function partOf(row: HTMLElement, part: Part): HTMLElement | null | undefined {
  if (part === "field") return row.querySelector<HTMLElement>("input, select, textarea");
  const own = (name: string) =>
    [...row.querySelectorAll<HTMLElement>(`[data-row-${name}]`)].find((one) => one.closest("[data-row]") === row);
  return own(part) ?? own("remove");
}
