/** Everything that is written in an event, for keyword searches. What behaviour rules say of it was written by nobody. */
import type { SecurityEvent } from "../../ingest/event.ts";

const maxNumbers = 5_000; // of one event, and yes and no with them; beyond that it is not prose but a dump
const maxDepth = 24; // events are no deeper

/** Reads an event once, however many rules ask for its words one after the other. */
export function createWordReader(): (event: SecurityEvent) => readonly string[] {
  let last: SecurityEvent | undefined;
  let words: string[] = [];
  return (event) => {
    if (event === last) return words;
    words = [];
    const { id: _id, clientId: _clientId, time: _time, receivedAt: _receivedAt, attributes, ...rest } = event;
    const { behaviour: _behaviour, ...written } = rest;
    collect([written, attributes], words, { numbers: 0 }, 0);
    last = event;
    return words;
  };
}

function collect(value: unknown, words: string[], count: { numbers: number }, depth: number): void {
  if (depth > maxDepth || value === null || value === undefined) return;
  if (typeof value === "object") for (const item of Object.values(value)) collect(item, words, count, depth + 1);
  else if (typeof value === "string") words.push(value);
  else if (count.numbers++ < maxNumbers) words.push(String(value));
}
