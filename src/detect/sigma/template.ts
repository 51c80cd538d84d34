/** Values with placeholders, in parts. */
import type { Test } from "./document.ts";

export type Template = Extract<Test, { kind: "EXPAND" }>["template"];

/** The value in parts if it has placeholders, else its text without the backslashes that protect percent signs. */
export function templateOf(value: string): Template | string {
  const parts: Template = [];
  let text = "";
  for (const [found, name] of value.matchAll(/\\%|%([^%\\\s]+)%|./gs)) {
    if (name === undefined) text += found === "\\%" ? "%" : found;
    else {
      if (text) parts.push(text);
      parts.push({ placeholder: name });
      text = "";
    }
  }
  if (parts.length === 0) return text;
  return text ? [...parts, text] : parts;
}
