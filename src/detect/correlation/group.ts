/** Group-by values -> one key, and back. An event that lacks one of the values belongs to no group. */
import { createHash } from "node:crypto";
import { truncate } from "../../ingest/text.ts";

/** The key of what a rule matched; undefined: it belongs to no group. */
export type GroupOf<Source> = (source: Source) => string | undefined;

const maxValueLength = 256; // characters; a longer value keeps its start and a digest, so that keys stay small

export function groupBy<Source>(reads: readonly ((source: Source) => unknown)[]): GroupOf<Source> {
  const [first] = reads;
  if (!first) return () => "";
  if (reads.length === 1) return (source) => keyText(first(source));
  return (source) => {
    const values: string[] = [];
    for (const read of reads) {
      const text = keyText(read(source));
      if (text === undefined) return undefined;
      values.push(text);
    }
    return JSON.stringify(values);
  };
}

/** The values of a group key made for this many fields. */
export function groupValues(key: string, fieldCount: number): string[] {
  if (fieldCount === 0) return [];
  return fieldCount === 1 ? [key] : (JSON.parse(key) as string[]);
}

export function keyText(value: unknown): string | undefined {
  if (typeof value === "string") return value === "" ? undefined : bounded(value);
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  if (!Array.isArray(value) || value.length === 0) return undefined;
  return value.length === 1 ? keyText(value[0]) : bounded(JSON.stringify(value));
}

function bounded(text: string): string {
  if (text.length <= maxValueLength) return text;
  return `${truncate(text, 64)}…${createHash("sha256").update(text).digest("hex").slice(0, 32)}`;
}

const decimal = /^\s*[-+]?(\d+(\.\d*)?|\.\d+)(e[-+]?\d+)?\s*$/i;

/** A number, or the decimal text of one. */
export function numberIn(value: unknown): number | undefined {
  const number = typeof value === "string" && decimal.test(value) ? Number(value) : value;
  if (Array.isArray(value)) return value.length === 1 ? numberIn(value[0]) : undefined;
  return typeof number === "number" && Number.isFinite(number) ? number : undefined;
}
