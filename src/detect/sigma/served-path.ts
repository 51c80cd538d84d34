/**
 * The path of a request as servers take it: percent signs decoded, `//` one slash, `/./` and `/../` gone along. Whoever asks
 * for `/.%65nv` gets `/.env`, so a rule on a path is shown both, what was sent and what is served. Where events are grouped
 * by a path, it is as it was sent.
 */
import { ofEvent } from "../behaviour/of-event.ts";
import type { FieldReader } from "./fields.ts";
import type { Read } from "./read-sent.ts";
import { unpercent } from "./request-decode.ts";

/** By names of fields. */
const served: ReadonlyMap<string, (sent: string) => string> = new Map([
  ...["url.path", "http.path", "c-uri-stem", "cs-uri-stem"].map((name) => [name, servedPath] as const),
  ...["url.original", "url.full", "c-uri", "cs-uri"].map((name) => [name, servedTarget] as const),
  ...["url.extension", "c-uri-extension"].map((name) => [name, unpercent] as const),
]);

export function servedPath(sent: string): string {
  const text = sent.includes("%") ? unpercent(sent) : sent;
  if (!/\/[./]/.test(text)) return text;
  const kept: string[] = [];
  const steps = text.split("/");
  for (const [place, step] of steps.entries()) {
    const isLast = place === steps.length - 1;
    if (step === "..") {
      if (kept.length > 1) kept.pop();
    } else if (step !== "." && (step !== "" || place === 0 || isLast)) kept.push(step);
    if (isLast && (step === "." || step === "..")) kept.push("");
  }
  return kept.join("/");
}

/** A path with what stands around it: scheme and host before it, the query behind it. */
function servedTarget(sent: string): string {
  const [, origin = "", path = "", rest = ""] = /^([a-z][a-z\d+.-]*:\/\/[^/?#]*)?([^?#]*)(.*)$/is.exec(sent) ?? [];
  return origin + servedPath(path) + rest;
}

/** How rules read fields: a path as two values where the two differ. */
export function asServed(field: FieldReader): FieldReader {
  const reads = new WeakMap<Read, Read>();
  return (name, logsource) => {
    const read = field(name, logsource);
    const form = served.get(name);
    if (!form) return read;
    let both = reads.get(read);
    if (!both) reads.set(read, (both = ofEvent((event) => bothOf(read(event), form))));
    return both;
  };
}

function bothOf(value: unknown, form: (sent: string) => string): unknown {
  if (typeof value === "string") {
    const other = form(value);
    return other === value ? value : [value, other];
  }
  return Array.isArray(value) ? value.flatMap((each) => bothOf(each, form)) : value;
}
