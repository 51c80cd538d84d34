/** Stands for a patient, a person or a name in a profile: five characters of a keyed disguise, so 30 bits. */
import type { Surroundings } from "./facet.ts";

export const keyLength = 5; // characters

const letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_";

/** Equal for equal values of one kind. What comes in is disguised by the organization's key, so what comes out tells nothing. */
export function shortKey(kind: string, value: string, { disguise, shortKeys }: Surroundings): string {
  let known = shortKeys?.get(kind);
  if (shortKeys && !known) shortKeys.set(kind, (known = new Map()));
  let key = known?.get(value);
  if (key === undefined) {
    key = shortened(disguise(`${kind}:${value}`));
    known?.set(value, key);
  }
  return key;
}

function shortened(disguised: string): string {
  const bits = mixed(disguised);
  let key = "";
  for (let n = 0; n < keyLength; n++) key += letters[(bits >>> (6 * n)) & 63];
  return key;
}

/** FNV-1a (32 bits), then the finalizer of MurmurHash3, so that its low bits depend on all. */
function mixed(text: string): number {
  let hash = 0x811c9dc5;
  for (let n = 0; n < text.length; n++) hash = Math.imul(hash ^ text.charCodeAt(n), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** A number of 0 to 4,095 in two characters. */
export function shortNumber(value: number): string {
  return `${letters[(value >>> 6) & 63]}${letters[value & 63]}`;
}

const values = Int8Array.from({ length: 128 }, (_, code) => letters.indexOf(String.fromCharCode(code)));

export function readNumber(text: string, at: number): number {
  return (values[text.charCodeAt(at)] ?? -1) * 64 + (values[text.charCodeAt(at + 1)] ?? -1);
}

/** Where a key stands in a text of entries that each begin with one; -1: nowhere. */
export function findKey(entries: string, key: string, entryLength: number): number {
  let at = entries.indexOf(key);
  while (at >= 0 && at % entryLength !== 0) at = entries.indexOf(key, at + 1);
  return at;
}
