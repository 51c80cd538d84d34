import "./toast.css";
import { useEffect, useRef, useState, useSyncExternalStore } from "react";
import { createPortal } from "react-dom";
import { onSignedOut } from "../api.ts";
import { words } from "../words.ts";
import { Button } from "./button.tsx";
import { Icon } from "./icon.tsx";
import { topDialog } from "./top-dialog.ts";

interface Note {
  id: number;
  text: string;
  tone: "good" | "bad" | "info";
}

const shownFor = 6_000; // ms
const settling = 100; // ms: screen readers read what comes into a place that they know
let notes: readonly Note[] = [];
let last = 0;
const listeners = new Set<() => void>();

function set(next: readonly Note[]): void {
  notes = next;
  for (const listener of listeners) listener();
}

const drop = (id: number): void => set(notes.filter((note) => note.id !== id));

onSignedOut(() => set([])); // they are for whoever was here

/** Says something at the corner for some seconds; what went wrong, until it is dismissed. Screen readers say it too. */
export function toast(text: string, tone: Note["tone"] = "good"): void {
  const id = ++last;
  set([...notes.slice(-3), { id, text, tone }]);
  if (tone !== "bad") setTimeout(() => drop(id), shownFor);
}

function listen(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** All notes, within the dialog that is open: what is outside of it is dead to pointers, keys and screen readers. */
export function Toasts() {
  const dialog = useSyncExternalStore(topDialog.listen, topDialog.get);
  return dialog ? createPortal(<Notes />, dialog) : <Notes />;
}

function Notes() {
  const all = useSyncExternalStore(listen, () => notes);
  const [isKnown, setIsKnown] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setIsKnown(true), settling);
    return () => clearTimeout(timer);
  }, []);
  const shown = isKnown ? all : [];
  return (
    <div className="toasts no-print">
      <div className="toasts-said" role="status">
        {shown.map(
          ({ id, text, tone }) =>
            tone !== "bad" && (
              <div key={id} className={`toast toast-${tone}`}>
                <Icon name={tone === "good" ? "check" : "notification"} />
                <span className="wrap">{text}</span>
              </div>
            ),
        )}
      </div>
      {shown.map((note) => note.tone === "bad" && <Fault key={note.id} note={note} />)}
    </div>
  );
}

function Fault({ note: { id, text } }: { note: Note }) {
  const before = useRef<HTMLElement>(undefined); // what had the focus before the button
  return (
    <div className="toast toast-bad">
      <Icon name="incident" />
      <span className="wrap" role="alert">
        {text}
      </span>
      <Button
        kind="quiet"
        small
        icon="close"
        label={words.do.dismiss}
        onFocus={({ relatedTarget }) => {
          if (relatedTarget instanceof HTMLElement) before.current = relatedTarget;
        }}
        onClick={() => {
          before.current?.focus({ preventScroll: true });
          drop(id);
        }}
      />
    </div>
  );
}
