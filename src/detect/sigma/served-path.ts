/**
 * The path of a request as servers take it: percent signs decoded, `//` one slash, `/./` and `/../` gone along. Whoever asks
 * for `/.%65nv` gets `/.env`, so a rule on a path is shown what was sent, the same decoded, and what is served. Where events
 * are grouped by a path, it is as it was sent.
 */
import { ofEvent } from "../behaviour/of-event.ts";
import type { FieldReader } from "./fields.ts";
import type { Read } from "./read-sent.ts";
import { unpercent } from "./request-decode.ts";

type Form = (sent: string) => string;

/** By names of fields. */
const forms: ReadonlyMap<string, readonly Form[]> = new Map<string, readonly Form[]>([
  ...["url.path", "http.path", "c-uri-stem", "cs-uri-stem"].map((name) => [name, [decodedPath, servedPath]] as const),
  ...["url.original", "url.full", "c-uri", "cs-uri"].map(
    (name) => [name, [decodedPath, servedPath].map(ofTarget)] as const,
  ),
  ...["url.extension", "c-uri-extension"].map((name) => [name, [decodedPath]] as const),
]);

function decodedPath(sent: string): string {
  return sent.includes("%") ? unpercent(sent) : sent;
}

export function servedPath(sent: string): string {
  const text = decodedPath(sent);
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

/** Of a path with what stands around it: scheme and host before it, the query behind it. */
function ofTarget(form: Form): Form {
  return (sent) => {
    const [, origin = "", path = "", rest = ""] = /^([a-z][a-z\d+.-]*:\/\/[^/?#]*)?([^?#]*)(.*)$/is.exec(sent) ?? [];
    return origin + form(path) + rest;
  };
}

/** How rules read fields: a path as several values where its forms differ. */
export function asServed(field: FieldReader): FieldReader {
  const reads = new WeakMap<Read, Read>();
  return (name, logsource) => {
    const read = field(name, logsource);
    const own = forms.get(name);
    if (!own) return read;
    let all = reads.get(read);
    if (!all) reads.set(read, (all = ofEvent((event) => allOf(read(event), own))));
    return all;
  };
}

function allOf(value: unknown, own: readonly Form[]): unknown {
  if (typeof value === "string") {
    if (!/%|\/[./]/.test(value)) return value; // mostly
    const all = new Set([value, ...own.map((form) => form(value))]);
    return all.size === 1 ? value : [...all];
  }
  return Array.isArray(value) ? value.flatMap((each) => allOf(each, own)) : value;
}
