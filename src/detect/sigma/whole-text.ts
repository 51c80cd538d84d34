/**
 * The texts of a request that were cut when they arrived, whole: nothing may hide behind a long beginning. Vigil keeps the
 * whole under `vigil.truncated`, an ECS document under its own key. Path and query may have been sent as one text.
 */
import type { SecurityEvent } from "../../ingest/event.ts";
import { textLimit } from "../../ingest/readers.ts";
import { absoluteKey } from "../../ingest/url.ts";
import { ofEvent } from "../behaviour/of-event.ts";
import { type Read, readSent } from "./read-sent.ts";

type ReadText = (event: SecurityEvent) => string | undefined;

const keptPaths = kept("vigil.truncated.http.path", "url.path", "url.original");
const keptQueries = kept("vigil.truncated.http.query", "url.query");

export interface RequestTexts {
  /** Scheme and authority of a target that was sent with them; mostly "". */
  origin: string;
  paths: string[];
  queries: string[];
}

/** Of a request, the whole of each first where it was cut. */
export const requestOf = ofEvent((event): RequestTexts => {
  const noted = event.attributes[absoluteKey];
  const origin = typeof noted === "string" ? noted : "";
  const { path, query } = event.http ?? {};
  const paths = path === undefined ? [] : [path];
  const queries = query === undefined ? [] : [query];
  // Half a character or the question mark between the two may be gone.
  if (event.http && (path?.length ?? 0) + (query?.length ?? 0) < textLimit - 2) return { origin, paths, queries };
  const [cutPaths, cutQueries] = [keptPaths(event), keptQueries(event)];
  if (cutPaths.length === 0 && cutQueries.length === 0) return { origin, paths, queries };
  const sent = cutPaths.filter((text) => text.startsWith(path ?? ""));
  const inPaths = sent.flatMap((text) => (text.includes("?") ? [text.slice(text.indexOf("?") + 1)] : []));
  return {
    origin,
    paths: [...sent.map((text) => text.split("?", 1)[0] ?? ""), ...paths],
    queries: [...cutQueries, ...inPaths, ...queries],
  };
});

export const agentOf = wholeOf((event) => event.userAgent, kept("vigil.truncated.userAgent", "user_agent.original"));
export const referrerOf = wholeOf(
  (event) => event.http?.referrer,
  kept("vigil.truncated.http.referrer", "http.request.referrer"),
);

function wholeOf(core: ReadText, keptIn: (event: SecurityEvent) => readonly string[]): ReadText {
  return (event) => {
    const text = core(event);
    return text !== undefined && text.length < textLimit - 1 ? text : (keptIn(event)[0] ?? text);
  };
}

const none: readonly string[] = [];

/** Texts under these names that are longer than what is stored of them. */
function kept(...names: string[]): (event: SecurityEvent) => readonly string[] {
  const reads: Read[] = names.map((name) => readSent(name));
  return (event) => {
    let found = none;
    for (const read of reads) {
      const value = read(event);
      if (value !== undefined) found = [...found, ...[value].flat().filter(isCut)];
    }
    return found;
  };
}

function isCut(text: unknown): text is string {
  return typeof text === "string" && text.length > textLimit;
}
