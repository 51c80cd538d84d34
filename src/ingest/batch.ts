import type { Rejection } from "./event.ts";
import { parseJson } from "./json.ts";
import { jsonFaultAt } from "./json-fault.ts";

export const eventLimit = 65_536; // bytes of one event's JSON
export const batchLimit = 100_000; // events
const mostUnreadable = 1_000; // lines of one batch that are no JSON; finding out costs more than reading what is

/** One event of a batch, not yet validated, or the reason why it could not be read. `index` counts events, not lines. */
export type BatchItem = { index: number; value: unknown } | Rejection;

export type Batch = { items: BatchItem[] } | { refusal: Rejection };

/**
 * Takes a request body apart: a JSON array, NDJSON, a JSON text sequence (RFC 7464), or a single object. A bad line costs
 * only itself, unless there are a thousand; a bad array costs the batch, for nobody can tell where its events end.
 */
export function parseBatch(body: string | Buffer, contentType: string): Batch {
  const whole = typeof body === "string" ? body : body.toString("utf8");
  const text = whole.charCodeAt(0) === 0xfeff ? whole.slice(1) : whole;
  const first = firstCharacter(text);
  if (first === "[") return parseArray(text);
  if (first === separator) return parseLines(text, separator);
  if (first === "{" && !/ndjson|json-?lines|jsonl|json-seq/i.test(contentType)) {
    const single = parseJson(text); // a pretty-printed object is no NDJSON
    if (single !== undefined) return { items: [bounded(0, single, text)] };
  }
  return parseLines(text);
}

function firstCharacter(text: string): string | undefined {
  return /\S/.exec(text)?.[0];
}

function parseArray(text: string): Batch {
  const values = parseJson(text);
  if (values === undefined) return { refusal: invalidJson(0, text, "the JSON array") };
  if ((values as unknown[]).length > batchLimit) return tooMany();
  // An element is measured only where it could be too large.
  const measure = text.length > eventLimit / 3;
  return {
    items: (values as unknown[]).map((value, index) => (measure ? measured(index, value) : { index, value })),
  };
}

/** An element as text, to be measured. V8 reads what is nested thousands deep, and cannot always write it. */
function measured(index: number, value: unknown): BatchItem {
  let text: string;
  try {
    text = JSON.stringify(value);
  } catch {
    return { index, code: "TOO_DEEP", message: "an event may not be nested thousands of levels deep" };
  }
  return bounded(index, value, text);
}

const separator = "\x1e"; // before each text of a JSON text sequence

function parseLines(text: string, between = "\n"): Batch {
  const items: BatchItem[] = [];
  let unreadable = 0;
  const something = /[^\s\x1e]/g;
  for (let next = something.exec(text); next; next = something.exec(text)) {
    const start = text.lastIndexOf(between, next.index) + 1;
    const behind = text.indexOf(between, next.index);
    const end = behind < 0 ? text.length : behind;
    const line = text.slice(start, end);
    something.lastIndex = end;
    const value = parseJson(line);
    if (value !== undefined) items.push(bounded(items.length, value, line));
    else {
      const rejection = invalidJson(items.length, line, "the line");
      items.push(rejection);
      if (++unreadable > mostUnreadable)
        return {
          refusal: {
            ...rejection,
            message: `more than ${mostUnreadable} lines are not valid JSON, so nothing was stored; of this one: ${rejection.message}`,
          },
        };
    }
    if (items.length > batchLimit) return tooMany();
  }
  return { items };
}

/** Nothing is stored of a batch that cannot be taken in one piece: its sender sends it again in parts. */
function tooMany(): Batch {
  const message = `a batch may have at most ${batchLimit} events; send it in parts`;
  return { refusal: { index: batchLimit, code: "TOO_LARGE", message } };
}

function bounded(index: number, value: unknown, text: string): BatchItem {
  const tooLarge = text.length > eventLimit / 3 && Buffer.byteLength(text) > eventLimit;
  if (!tooLarge) return { index, value };
  return { index, code: "TOO_LARGE", message: `an event may be at most ${eventLimit} bytes of JSON` };
}

function invalidJson(index: number, text: string, what: string): Rejection {
  const at = jsonFaultAt(text);
  const where = at >= text.length ? "ends too early" : `is not valid JSON at character ${at + 1}`;
  return { index, code: "INVALID_JSON", message: `${what} ${where}` };
}
