import { useCallback } from "react";
import { useSearchParams } from "wouter";

/** What the address asks for under a name, out of a few; the first one where it says none of them. */
export function useAsked<Value extends string>(
  name: string,
  values: readonly [Value, ...Value[]],
): [Value, (value: Value) => void] {
  const [text, setText] = useAskedText(name);
  const value = values.find((one) => one === text) ?? values[0];
  return [value, useCallback((next) => setText(next === values[0] ? "" : next), [setText, values])];
}

/** A text that the address carries under a name; empty: it is not there. */
export function useAskedText(name: string): [string, (value: string) => void] {
  const [search, setSearch] = useSearchParams();
  const set = useCallback(
    (value: string) =>
      setSearch(
        (before) => {
          const next = new URLSearchParams(before);
          if (value) next.set(name, value);
          else next.delete(name);
          return next;
        },
        { replace: true },
      ),
    [name, setSearch],
  );
  return [search.get(name) ?? "", set];
}
