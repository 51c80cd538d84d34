/** Small checks of a parsed YAML value; each reports what is wrong and answers undefined. */
import type { Path, Report } from "./source.ts";

export type Shape = Record<string, unknown>;

export function isShape(value: unknown): value is Shape {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Own properties only: a document may be called `__proto__`. */
export function get(shape: Shape, key: string): unknown {
  return Object.hasOwn(shape, key) ? shape[key] : undefined;
}

export function isScalarValue(value: unknown): value is string | number | bigint | boolean {
  return ["string", "number", "bigint", "boolean"].includes(typeof value);
}

export function readText(shape: Shape, key: string, report: Report, at: Path = []): string | undefined {
  const value = get(shape, key);
  if (value === undefined || value === null) return undefined;
  if (isScalarValue(value)) return String(value);
  report([...at, key], "INVALID", `${key} must be text`);
  return undefined;
}

/** A list of texts; one text alone is a list of one. */
export function readTexts(shape: Shape, key: string, report: Report, at: Path = []): string[] {
  const value = get(shape, key);
  if (value === undefined || value === null) return [];
  const items: unknown[] = Array.isArray(value) ? value : [value];
  const texts: string[] = [];
  for (const [index, item] of items.entries()) {
    if (isScalarValue(item)) texts.push(String(item));
    else report([...at, key, index], "INVALID", `${key} must be a list of texts`);
  }
  return texts;
}
