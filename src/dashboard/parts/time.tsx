import { type PointerEvent, useSyncExternalStore } from "react";
import { words } from "../words.ts";

const local = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const shortTime = new Intl.DateTimeFormat(undefined, { timeStyle: "short" });
const exactTime = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });
const shortDay = new Intl.DateTimeFormat(undefined, { month: "short", day: "numeric" });
const wholeDay = new Intl.DateTimeFormat(undefined, { year: "numeric", month: "short", day: "numeric" });
const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto", style: "short" });

let now = Date.now();
const listeners = new Set<() => void>();
let clock: ReturnType<typeof setInterval> | undefined;

/** One clock for all times on the page, which moves them on every half minute. */
function listen(listener: () => void): () => void {
  listeners.add(listener);
  if (clock === undefined) now = Date.now(); // it stood still while no time was shown
  clock ??= setInterval(() => {
    now = Date.now();
    for (const one of listeners) one();
  }, 30_000);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(clock);
    clock = undefined;
  };
}

/** The moment in UTC, as tooltips show it. */
export function utcText(at: Date): string {
  return words.time.utc(at.toISOString().slice(0, 19).replace("T", " "));
}

/** How long ago or from now, in words. */
export function agoText(at: number, from: number): string {
  const seconds = Math.round((at - from) / 1_000);
  const size = Math.abs(seconds);
  if (size < 45) return words.time.now;
  if (size < 3_600) return relative.format(Math.round(seconds / 60), "minute");
  if (size < 86_400) return relative.format(Math.round(seconds / 3_600), "hour");
  return relative.format(Math.round(seconds / 86_400), "day");
}

/** The whole moment, also in UTC, as the tooltip: made when it is looked at, as a tail draws hundreds of times a second. */
function inFull({ currentTarget }: PointerEvent<HTMLTimeElement>): void {
  const date = new Date(currentTarget.dateTime);
  currentTarget.title = `${local.format(date)}\n${utcText(date)}`;
}

interface TimeProps {
  at: string | null | undefined;
  /** `relative`: how long ago; `clock`: the time, with another day or year; `second`: that to the second. */
  as?: "full" | "relative" | "clock" | "second";
}

/** A time: in the reader's zone, with UTC in the tooltip. */
export function Time({ at, as = "full" }: TimeProps) {
  const from = useSyncExternalStore(listen, () => now);
  if (!at) return <span className="muted">{words.time.never}</span>;
  const date = new Date(at);
  const today = new Date(from);
  const isToday = date.toDateString() === today.toDateString();
  const isThisYear = date.getFullYear() === today.getFullYear();
  const clock = (as === "second" ? exactTime : shortTime).format(date);
  const dated = isToday ? clock : `${(isThisYear ? shortDay : wholeDay).format(date)}, ${clock}`;
  const text = as === "relative" ? agoText(date.getTime(), from) : as === "full" ? local.format(date) : dated;
  return (
    <time dateTime={at} onPointerEnter={inFull} className={isThisYear ? "number" : "number time-long"}>
      {text}
    </time>
  );
}
