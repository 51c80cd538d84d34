import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";

/** A page names a test as its file below test/, in backquotes, and words of its title: it has to be there. */
export function expectNamed(test: string): void {
  const [, file = "", title = ""] = /^`([^`]+)` (.+)$/.exec(test) ?? [];
  const text = readFileSync(join(import.meta.dirname, "..", file), "utf8");
  expect([test, text.includes(title)]).toEqual([test, true]);
}
