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
const patience = 1_000; // ms by which what is long past may come early, to be sent together

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
    if (batch.length >= largest) await send();
    for (let at = now(); !signal.aborted && (event.time > at || due > at + patience); at = now()) {
      await send();
      await wait(Math.min(Math.max(due - at, 1), patience), undefined, { signal }).catch(() => undefined);
    }
    if (signal.aborted) break;
    batch.push(event);
  }
  await send();
}
