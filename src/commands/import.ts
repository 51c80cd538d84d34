/** `vigil import`: a log file, line by line, into a running server, or straight into the database when none runs. */
import { createHash } from "node:crypto";
import { stat } from "node:fs/promises";
import { setTimeout as wait } from "node:timers/promises";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { SingleBar } from "cli-progress";
import type { App } from "../app.ts";
import { refusalsOf } from "../ingest/accept.ts";
import type { EventDraft, Rejection } from "../ingest/event.ts";
import { formats } from "../ingest/formats/formats.ts";
import { type LogLine, readLines } from "../ingest/lines.ts";
import { retryAfterMs } from "../outbound/outcome.ts";

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
const largestBody = 8_388_608; // bytes unpacked: the server takes 10 MiB as they are sent
const settledAfter = 60_000; // ms since a file was written
const pause = 1_000; // ms, within which what writes a line in pieces goes on
const packed = promisify(gzip);
const patience = 300_000; // ms that the same events wait for a server that does not take them
const inFlight = 3; // batches under way while the next is parsed

/**
 * Imports a file. Every event's id is made from the first line that can be read and the event's place, so a repeated or
 * resumed import (also of a log that has grown since, or was rotated and packed) adds nothing twice.
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
  let identity: string | undefined;
  const { now, timeZone } = options;
  const parse = format.parser({ now, latest: mtimeMs, ...(timeZone ? { timeZone } : {}) });
  const summary: ImportSummary = { lines: 0, accepted: 0, duplicates: 0, ignored: 0, rejectedCount: 0, rejected: [] };
  const reject = (line: number, { code, message }: Rejection): void => {
    summary.rejectedCount++;
    if (summary.rejected.length < 20) summary.rejected.push({ line, code, message });
  };
  let bytesRead = 0;
  const running = new Set<Promise<void>>();
  let failed: { error: unknown } | undefined;
  let batch: EventDraft[] = [];
  let lineOf: number[] = [];
  const flush = async (): Promise<void> => {
    const [drafts, lines] = [batch, lineOf];
    batch = [];
    lineOf = [];
    if (drafts.length === 0 || failed) return;
    const sent = sink(drafts).then(
      (result) => {
        summary.accepted += result.accepted;
        summary.duplicates += result.duplicates;
        for (const rejection of result.rejected) reject(lines[rejection.index] ?? 0, rejection);
      },
      (error: unknown) => {
        failed ??= { error };
      },
    );
    const tracked = sent.finally(() => running.delete(tracked));
    running.add(tracked);
    if (running.size >= inFlight) await Promise.race(running);
  };

  const read = async ({ text, number, open }: LogLine): Promise<void> => {
    summary.lines = number;
    if (text.trim() === "") return;
    if (open && (await isBeingWritten(path, text, bytesRead))) {
      const message = `line ${number} has no end yet: it is read when the file is imported again`;
      return reject(number, { index: number - 1, code: "UNFINISHED_LINE", message });
    }
    const result = parse(text, number);
    if ("rejection" in result) return reject(number, result.rejection);
    identity ??= identityOf(text);
    if ("ignored" in result) {
      summary.ignored++;
      return;
    }
    for (const [place, event] of result.events.entries()) {
      batch.push({ ...event, clientId: event.clientId ?? `${identity}:${number}:${place}` });
      lineOf.push(number);
      if (batch.length >= batchSize) await flush();
    }
    for (const rejection of result.rejections ?? []) reject(number, rejection);
  };

  try {
    for await (const chunk of readLines(path, format.longestLine)) {
      bytesRead = chunk.bytesRead;
      for (const rejection of chunk.rejections) reject(rejection.index + 1, rejection);
      for (const line of chunk.lines) {
        await read(line);
        if (failed) throw failed.error;
      }
      options.onProgress?.(chunk.bytesRead, chunk.totalBytes, summary.lines);
    }
  } finally {
    await flush(); // also what stands before the place where a file is broken
    await Promise.all(running);
  }
  if (failed) throw failed.error;
  return summary;
}

/**
 * A file is known by its first line, which stays as the file grows, is renamed and packed. Lines that no log has of its
 * own, such as a container's greeting, are the same in many files.
 */
function identityOf(line: string): string {
  const kept = Buffer.from(line.slice(0, 1_024)).subarray(0, 1_024);
  return `import:${createHash("sha256").update(kept).digest("base64url").slice(0, 22)}`;
}

/** Half a line may look like a whole one, with half an address in it. A JSON document does not: it has its own end. */
async function isBeingWritten(path: string, text: string, bytesRead: number): Promise<boolean> {
  if (/[\]}]\s*$/.test(text)) return false;
  const { mtimeMs, size } = await stat(path);
  if (size > bytesRead) return true;
  if (Date.now() - mtimeMs > settledAfter) return false;
  await wait(pause);
  return (await stat(path)).size > bytesRead;
}

/** Sends to a running server's /ingest, in requests that it takes, waiting when it asks for that; `tell` is told so. */
export function httpSink(
  url: string,
  token: string,
  tell: (line: string) => void = () => {},
  sleep: (ms: number) => Promise<unknown> = wait,
): Sink {
  let isWaiting = false;

  async function send(lines: readonly string[]): ReturnType<Sink> {
    const body = await packed(lines.join("\n"));
    for (let waited = 0; ; ) {
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
      const result = (await answer.json()) as { error?: { message: string } } & Awaited<ReturnType<Sink>>;
      if (!result.error) {
        isWaiting = false;
        return result;
      }
      const { message } = result.error;
      const mayPass = answer.status === 429 || answer.status === 503;
      if (!mayPass) throw new Error(`The server refused the events: ${message}`);
      const asked = retryAfterMs(answer.headers.get("retry-after") ?? undefined, Date.now()) ?? pause;
      waited += asked;
      if (waited > patience) {
        const repeat = "Repeat the import later: nothing is added twice.";
        throw new Error(`The server at ${url} has taken no events for minutes. ${repeat} It says: ${message}`);
      }
      if (!isWaiting) tell(`The import waits until the server takes events again. It says: ${message}`);
      isWaiting = true;
      await sleep(asked);
    }
  }

  return async (drafts) => {
    const lines = drafts.map(({ clientId, ...rest }) => JSON.stringify({ ...rest, id: clientId }));
    const all: Awaited<ReturnType<Sink>> = { accepted: 0, duplicates: 0, rejected: [] };
    for (let start = 0, end = 0; start < lines.length; start = end) {
      for (let size = 0; end < lines.length; end++) {
        size += Buffer.byteLength(lines[end] as string) + 1;
        if (end > start && size > largestBody) break;
      }
      const { accepted, duplicates, rejected } = await send(lines.slice(start, end));
      all.accepted += accepted;
      all.duplicates += duplicates;
      for (const rejection of rejected) all.rejected.push({ ...rejection, index: start + rejection.index });
    }
    return all;
  };
}

export function localSink(app: App, organizationId: string): Sink {
  return async (drafts) => {
    const { refused = [], ...stored } = await app.pipeline.accept(organizationId, drafts);
    return { ...stored, rejected: refusalsOf(refused, drafts.length, []) };
  };
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
