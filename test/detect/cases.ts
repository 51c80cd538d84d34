/** Cases of rules as data: events as a client sends them, each line standing for one or many. */
import { readdirSync, readFileSync } from "node:fs";
import { parse } from "yaml";
import type { SecurityEvent } from "../../src/ingest/event.ts";
import { validateEvent } from "../../src/ingest/validate.ts";
import { idAt, start } from "./rules.ts";

/** `times` events, `every` seconds from `at` on; `{n}` in a text is the number of the event, from 0. */
export type Line = { at?: number; times?: number; every?: number } & Record<string, unknown>;

export interface Case {
  why: string;
  events: Line[];
  /** Whom the detection is about, e.g. `USER ann`. */
  about?: string[];
}

export interface RuleCases {
  file: string;
  rule: string;
  fires: Case[];
  silent: Case[];
}

export function ruleCases(): RuleCases[] {
  const folder = new URL("./rules/", import.meta.url);
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".yml"))
    .sort()
    .map((file) => ({ ...(parse(readFileSync(new URL(file, folder), "utf8")) as Omit<RuleCases, "file">), file }));
}

/** In the order of their times, through the same door as what clients send. */
export function eventsOf(lines: readonly Line[]): SecurityEvent[] {
  const sent = lines.flatMap(({ at = 0, times = 1, every = 1, ...event }) =>
    Array.from({ length: times }, (_, n) => ({ seconds: at + n * every, event: numbered(event, n) })),
  );
  return sent.sort((one, other) => one.seconds - other.seconds).map(({ seconds, event }) => accepted(event, seconds));
}

export function accepted(sent: unknown, seconds: number): SecurityEvent {
  const time = start + seconds * 1_000;
  const read = validateEvent(sent, 0, time);
  if ("rejection" in read) throw new Error(`${JSON.stringify(sent)}: ${read.rejection.message}`);
  return { ...read.event, id: idAt(time), time, receivedAt: time };
}

function numbered(value: unknown, n: number): unknown {
  if (typeof value === "string") return value.replaceAll("{n}", String(n));
  if (Array.isArray(value)) return value.map((item) => numbered(item, n));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, numbered(item, n)]));
}
