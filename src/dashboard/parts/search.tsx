import { type KeyboardEventHandler, useEffect, useRef, useState } from "react";

const typingPause = 250; // ms after the last letter until it is searched for

/**
 * A field that filters what is below it while it is typed in. It keeps what is typed while the filter's words follow
 * that, and shows these where something else changed them.
 */
export function Search({ label, value, onChange }: { label: string; value: string; onChange: (text: string) => void }) {
  const [text, setText] = useState(value);
  const known = useRef(value); // the filter's words as this field has shown or told them
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const latest = useRef(onChange);
  latest.current = onChange;
  useEffect(() => () => clearTimeout(timer.current), []);

  useEffect(() => {
    if (value === known.current) return;
    clearTimeout(timer.current);
    known.current = value;
    setText(value);
  }, [value]);

  function take(next: string): void {
    setText(next);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => {
      known.current = next;
      latest.current(next);
    }, typingPause);
  }

  return <SearchInput label={label} value={text} onText={take} />;
}

interface SearchInputProps {
  label: string;
  value: string;
  onText: (text: string) => void;
  onKeyDown?: KeyboardEventHandler;
  onBlur?: () => void;
}

/** The field by itself. */
export function SearchInput({ label, onText, ...rest }: SearchInputProps) {
  return (
    <input
      className="input"
      type="search"
      aria-label={label}
      placeholder={label}
      onChange={(event) => onText(event.target.value)}
      {...rest}
    />
  );
}
