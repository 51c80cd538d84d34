/** Everything that is written in an event, for keyword searches. */
import type { SecurityEvent } from "../../ingest/event.ts";

const maxTexts = 5_000; // of one event; beyond that it is not prose but a dump
const maxDepth = 12;

/** Reads an event once, however many rules ask for its words one after the other. */
export function createWordReader(): (event: SecurityEvent) => readonly string[] {
  let last: SecurityEvent | undefined;
  let words: string[] = [];
  return (event) => {
    if (event === last) return words;
    words = [];
    const { id: _id, clientId: _clientId, time: _time, receivedAt: _receivedAt, ...written } = event;
    collect(written, words, 0);
    last = event;
    return words;
  };
}

function collect(value: unknown, words: string[], depth: number): void {
  if (words.length >= maxTexts || depth > maxDepth || value === null || value === undefined) return;
  if (typeof value === "object") for (const item of Object.values(value)) collect(item, words, depth + 1);
  else words.push(String(value));
}
