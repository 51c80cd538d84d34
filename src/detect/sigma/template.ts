/** Values with placeholders, in parts. */
import type { Test } from "./document.ts";

export type Template = Extract<Test, { kind: "EXPAND" }>["template"];

/**
 * The value in parts if it has placeholders, else its text. A backslash before a placeholder is one of the text, as in
 * `C:\Users\%User%`: in Sigma it takes the meaning from wildcards and from itself only.
 */
export function templateOf(value: string): Template | string {
  const parts: Template = [];
  let at = 0;
  for (const { index, 0: found, 1: name = "" } of value.matchAll(/%([^%\\\s]+)%/g)) {
    if (index > at) parts.push(value.slice(at, index));
    parts.push({ placeholder: name });
    at = index + found.length;
  }
  if (parts.length === 0) return value;
  return at < value.length ? [...parts, value.slice(at)] : parts;
}
