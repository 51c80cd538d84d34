/** `vigil import`: a log file, line by line, into a running server, or straight into the database when none runs. */
import { createHash } from "node:crypto";
import { open, stat } from "node:fs/promises";
import { setTimeout as wait } from "node:timers/promises";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { SingleBar } from "cli-progress";
import type { App } from "../app.ts";
import type { EventDraft, Rejection } from "../ingest/event.ts";
import { formats } from "../ingest/formats/formats.ts";
import { readLines } from "../ingest/lines.ts";

export interface ImportSummary {
  lines: number;
  accepted: number;
  duplicates: number;
  /** Lines that are well-formed and carry no security event. */
  ignored: number;
  rejectedCount: number;
  /** The first 20. */
  rejected: { line: number; code: string; message: string }[];
}

/** Where parsed events go. */
export type Sink = (drafts: EventDraft[]) => Promise<{ accepted: number; duplicates: number; rejected: Rejection[] }>;

const batchSize = 5_000; // events per request
const largestRequest = 8_388_608; // bytes unpacked: the server takes 10 MiB as they are sent
const packed = promisify(gzip);
const inFlight = 3; // batches under way while the next is parsed

/**
 * Imports a file. Every event's id is made from the file's beginning and its place in it, so a repeated or resumed
 * import (also of a log that has grown since) adds nothing twice.
 */
export async function importFile(
  path: string,
  formatName: string,
  sink: Sink,
  options: { now: number; timeZone?: string; onProgress?: (bytes: number, total: number, lines: number) => void },
): Promise<ImportSummary> {
  const format = formats.get(formatName);
  if (!format) throw new Error(`There is no log format "${formatName}". Known: ${[...formats.keys()].join(", ")}`);
  const { mtimeMs } = await stat(path);
  const identity = await identify(path);
  const { now, timeZone } = options;
  const parse = format.parser({ now, latest: mtimeMs, ...(timeZone ? { timeZone } : {}) });
  const summary: ImportSummary = { lines: 0, accepted: 0, duplicates: 0, ignored: 0, rejectedCount: 0, rejected: [] };
  const reject = (line: number, { code, message }: Rejection): void => {
    summary.rejectedCount++;
    if (summary.rejected.length < 20) summary.rejected.push({ line, code, message });
  };
  const running = new Set<Promise<void>>();
  const faults: unknown[] = [];
  let batch: EventDraft[] = [];
  let lineOf: number[] = [];
  const flush = async (): Promise<void> => {
    const [drafts, lines] = [batch, lineOf];
    batch = [];
    lineOf = [];
    if (drafts.length === 0) return;
    const sent = sink(drafts).then((result) => {
      summary.accepted += result.accepted;
      summary.duplicates += result.duplicates;
      for (const rejection of result.rejected) reject(lines[rejection.index] ?? 0, rejection);
    });
    // Nobody waits for it just then: a fault is told when the next batch is due, or at the end.
    const tracked = sent.catch((fault) => void faults.push(fault)).finally(() => running.delete(tracked));
    running.add(tracked);
    if (running.size >= inFlight) await Promise.race(running);
    if (faults.length > 0) await end();
  };
  const end = async (): Promise<void> => {
    await Promise.all(running);
    if (faults.length > 0) throw faults[0];
  };

  for await (const chunk of readLines(path, format.longestLine)) {
    for (const rejection of chunk.rejections) reject(rejection.index + 1, rejection);
    for (const { text, number } of chunk.lines) {
      summary.lines = number;
      if (text.trim() === "") continue;
      const result = parse(text, number);
      if ("events" in result) {
        for (const [place, event] of result.events.entries()) {
          batch.push({ ...event, clientId: event.clientId ?? `${identity}:${number}:${place}` });
          lineOf.push(number);
          if (batch.length >= batchSize) await flush();
        }
        for (const rejection of result.rejections ?? []) reject(number, rejection);
      } else if ("ignored" in result) summary.ignored++;
      else reject(number, result.rejection);
    }
    options.onProgress?.(chunk.bytesRead, chunk.totalBytes, summary.lines);
  }
  await flush();
  await end();
  return summary;
}

/** A file is known by its first kilobyte, cut at its last whole line so that a growing log stays itself. */
async function identify(path: string): Promise<string> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(1_024), 0, 1_024, 0);
    const start = buffer.subarray(0, bytesRead);
    const firstLine = start.indexOf(10);
    const kept = firstLine === -1 ? start : start.subarray(0, firstLine);
    return `import:${createHash("sha256").update(kept).digest("base64url").slice(0, 22)}`;
  } finally {
    await file.close();
  }
}

/** Sends to a running server's /ingest, in requests that it takes, waiting when it asks for that. */
export function httpSink(url: string, token: string): Sink {
  async function send(lines: readonly string[]): ReturnType<Sink> {
    const body = await packed(lines.join("\n"));
    for (;;) {
      const answer = await fetch(`${url}/ingest`, {
        method: "POST",
        headers: {
          authorization: `Bearer ${token}`,
          "content-type": "application/x-ndjson",
          "content-encoding": "gzip",
        },
        body,
      }).catch((cause: Error) => {
        const message = `The server at ${url} broke off. Repeat the import when it is back: nothing is added twice.`;
        throw new Error(message, { cause });
      });
      if (answer.status === 429) {
        await wait(1_000 * Number(answer.headers.get("retry-after") ?? 1));
        continue;
      }
      const result = (await answer.json()) as { error?: { message: string } } & Awaited<ReturnType<Sink>>;
      if (result.error) throw new Error(`The server refused the events: ${result.error.message}`);
      return result;
    }
  }

  return async (drafts) => {
    const lines = drafts.map(({ clientId, ...rest }) => JSON.stringify({ ...rest, id: clientId }));
    const whole: Awaited<ReturnType<Sink>> = { accepted: 0, duplicates: 0, rejected: [] };
    for (let from = 0; from < lines.length; ) {
      let bytes = 0;
      let to = from;
      while (to < lines.length && (to === from || bytes + Buffer.byteLength(lines[to] as string) < largestRequest))
        bytes += Buffer.byteLength(lines[to++] as string) + 1;
      const { accepted, duplicates, rejected } = await send(lines.slice(from, to));
      whole.accepted += accepted;
      whole.duplicates += duplicates;
      for (const rejection of rejected) whole.rejected.push({ ...rejection, index: rejection.index + from });
      from = to;
    }
    return whole;
  };
}

export function localSink(app: App, organizationId: string): Sink {
  return async (drafts) => ({ ...(await app.pipeline.accept(organizationId, drafts)), rejected: [] });
}

/** A progress bar on a terminal; nothing elsewhere. */
export function progressBar(): { update(bytes: number, total: number, lines: number): void; stop(): void } {
  if (!process.stderr.isTTY) return { update() {}, stop() {} };
  const bar = new SingleBar({
    format: "{bar} {percentage}%  {lines} lines  {eta_formatted} left",
    stream: process.stderr,
  });
  let started = false;
  return {
    update(bytes, total, lines) {
      if (!started) bar.start(total, bytes, { lines });
      started = true;
      bar.update(bytes, { lines });
    },
    stop: () => bar.stop(),
  };
}
