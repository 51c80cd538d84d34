import "./toast.css";
import { useSyncExternalStore } from "react";
import { Icon } from "./icon.tsx";

interface Note {
  id: number;
  text: string;
  tone: "good" | "bad" | "info";
}

const shownFor = 6_000; // ms
let notes: readonly Note[] = [];
let last = 0;
const listeners = new Set<() => void>();

function set(next: readonly Note[]): void {
  notes = next;
  for (const listener of listeners) listener();
}

/** Says something at the corner for some seconds; screen readers say it too. */
export function toast(text: string, tone: Note["tone"] = "good"): void {
  const id = ++last;
  set([...notes.slice(-3), { id, text, tone }]);
  setTimeout(() => set(notes.filter((note) => note.id !== id)), shownFor);
}

function listen(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function Toasts() {
  const shown = useSyncExternalStore(listen, () => notes);
  return (
    <div className="toasts no-print" role="status" aria-live="polite">
      {shown.map(({ id, text, tone }) => (
        <div key={id} className={`toast toast-${tone}`}>
          <Icon name={tone === "good" ? "check" : tone === "bad" ? "incident" : "notification"} />
          <span className="wrap">{text}</span>
        </div>
      ))}
    </div>
  );
}
