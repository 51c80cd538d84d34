/**
 * A column's values as one parameter of a statement, in PostgreSQL's own form of an array. The driver would do it value by
 * value, with two searches for each; values that never need quotes are a third of all.
 */

type Maybe<Value> = Value | undefined;

/** Of values whose text holds nothing that an array's text would have to quote: ids, numbers, names of an enum. */
export function plainArray(values: readonly Maybe<string | number>[]): string {
  let text = "{";
  for (let n = 0; n < values.length; n++) text += `${n > 0 ? "," : ""}${values[n] ?? "NULL"}`;
  return `${text}}`;
}

/** Of any texts. */
export function textArray(values: readonly Maybe<string>[]): string {
  let text = "{";
  for (let n = 0; n < values.length; n++) {
    const value = values[n];
    if (n > 0) text += ",";
    text += value === undefined ? "NULL" : `"${escaped(value)}"`;
  }
  return `${text}}`;
}

function escaped(text: string): string {
  return text.indexOf('"') < 0 && text.indexOf("\\") < 0 ? text : text.replace(/["\\]/g, "\\$&");
}

/** Of JSON texts, as one JSON array: what is quoted in them is not quoted once more. */
export function jsonArray(values: readonly Maybe<string>[]): string {
  let text = "[";
  for (let n = 0; n < values.length; n++) text += `${n > 0 ? "," : ""}${values[n] ?? "null"}`;
  return `${text}]`;
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
