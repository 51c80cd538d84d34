/** Plays a clinic to a server. */
import { setTimeout as wait } from "node:timers/promises";
import { type Clinic, openClinic } from "../clinic/clinic.ts";
import type { ClinicEvent, Label } from "../clinic/event.ts";
import { postEvents } from "../post-events.ts";
import { dueAt, mondayBefore } from "./pace.ts";

export interface Play {
  url: string;
  key: string;
  seed: number;
  staff: number;
  /** Weeks of history before this one. */
  weeks: number;
  speed: number;
  /** Stops there. */
  signal: AbortSignal;
  now(): number;
  onAttack(label: Label): void;
  onSent(sent: { events: number; upTo: number; live: boolean }): void;
}

const largest = 500; // events of a request
const patience = 1_000; // ms for which events may wait to be sent together

export async function play(options: Play): Promise<void> {
  const { url, key, seed, staff, weeks, speed, signal, now } = options;
  const began = now();
  const start = mondayBefore(began, weeks);
  const clinic: Clinic = openClinic({ seed, staff, start, weeks: weeks + 4, learningWeeks: Math.min(1, weeks) });
  const pace = { from: clinic.from, began, speed };
  const told = new Set<Label>();
  let batch: ClinicEvent[] = [];
  let events = 0;
  const send = async (): Promise<void> => {
    const last = batch.at(-1);
    if (!last) return;
    events += await postEvents(url, key, batch);
    batch = [];
    for (const label of clinic.labels) {
      if (told.has(label) || label.from > last.time) continue;
      told.add(label);
      options.onAttack(label);
    }
    options.onSent({ events, upTo: last.time, live: last.time >= began });
  };
  for await (const { event } of clinic.events()) {
    const due = dueAt(pace, event.time);
    const first = batch[0];
    if (first && (batch.length >= largest || due > dueAt(pace, first.time) + patience)) await send();
    for (let left = due - now(); left > 0 && !signal.aborted; left = due - now()) {
      await send();
      await wait(Math.min(left, 1_000), undefined, { signal }).catch(() => undefined);
    }
    if (signal.aborted) break;
    batch.push(event);
  }
  await send();
}
