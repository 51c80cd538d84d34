/**
 * A column's values as one parameter of a statement, in PostgreSQL's own form of an array. The driver would do it value by
 * value, with two searches for each; values that never need quotes are a third of all.
 */

type Maybe<Value> = Value | undefined;

/** Joined at once where every one is there: text that grows piece by piece is garbage by the megabyte. */
function joined(values: readonly Maybe<string | number>[], absent: string): string {
  return values.includes(undefined) ? values.map((value) => value ?? absent).join(",") : values.join(",");
}

/** Of values whose text holds nothing that an array's text would have to quote: ids, numbers, names of an enum. */
export function plainArray(values: readonly Maybe<string | number>[]): string {
  return `{${joined(values, "NULL")}}`;
}

/** Of any texts. */
export function textArray(values: readonly Maybe<string>[]): string {
  if (values.length === 0) return "{}";
  if (values.every((value) => value !== undefined && !isQuoted(value))) return `{"${values.join('","')}"}`;
  return `{${values.map((value) => (value === undefined ? "NULL" : `"${escaped(value)}"`)).join(",")}}`;
}

const isQuoted = (text: string): boolean => text.includes('"') || text.includes("\\");
const escaped = (text: string): string => (isQuoted(text) ? text.replace(/["\\]/g, "\\$&") : text);

/** An array of texts as a text within another array: bare where it can be, since quotes in quotes are quoted once more. */
export function arrayWithin(texts: readonly string[]): string {
  const isBare = texts.every((text) => /^[\w.-]+$/.test(text) && !/^null$/i.test(text));
  return isBare ? `{${texts.join(",")}}` : textArray(texts);
}

/** Of JSON texts, as one JSON array: what is quoted in them is not quoted once more. */
export function jsonArray(values: readonly Maybe<string>[]): string {
  return `[${joined(values, "null")}]`;
}

const byteaOid = 17;
const timestamptzOid = 1_184;
const headBytes = 20;

/** The beginning of an array in the binary form: number of dimensions, whether any is null, type, length, first index. */
function binaryArray(type: number, length: number, size: number): Buffer {
  const array = Buffer.allocUnsafe(headBytes + size);
  let at = 0;
  for (const number of [1, 1, type, length, 1]) at = array.writeInt32BE(number, at);
  return array;
}

/** Of bytes. */
export function bytesArray(values: readonly Maybe<Buffer>[]): Buffer {
  let size = 0;
  for (const value of values) size += 4 + (value?.length ?? 0);
  const array = binaryArray(byteaOid, values.length, size);
  let at = headBytes;
  for (const value of values) {
    at = array.writeInt32BE(value?.length ?? -1, at);
    if (value) at += value.copy(array, at);
  }
  return array;
}

const year2000 = Date.UTC(2000, 0, 1);

/** Of times in epoch ms: microseconds since 2000, in 64 bits. */
export function timesArray(values: readonly number[]): Buffer {
  const array = binaryArray(timestamptzOid, values.length, 12 * values.length);
  let at = headBytes;
  for (const value of values) {
    const micros = (value - year2000) * 1_000; // exact from 1715 to 2285
    const high = Math.floor(micros / 2 ** 32);
    at = array.writeInt32BE(8, at);
    at = array.writeInt32BE(high, at);
    at = array.writeUInt32BE(micros - high * 2 ** 32, at);
  }
  return array;
}
