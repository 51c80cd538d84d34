/** Group-by values -> one key, and back. An event that lacks one of the values belongs to no group. */
import { createHash } from "node:crypto";
import type { SecurityEvent } from "../../ingest/event.ts";
import type { Read } from "../sigma/fields.ts";

export type GroupOf = (event: SecurityEvent) => string | undefined;

const maxValueLength = 256; // characters; a longer value keeps its start and a digest, so that keys stay small

export function groupBy(reads: readonly Read[]): GroupOf {
  const [first] = reads;
  if (!first) return () => "";
  if (reads.length === 1) return (event) => keyText(first(event));
  return (event) => {
    const values: string[] = [];
    for (const read of reads) {
      const text = keyText(read(event));
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
  return `${text.slice(0, 64)}…${createHash("sha256").update(text).digest("hex").slice(0, 32)}`;
}
