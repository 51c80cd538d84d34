/**
 * The list of address ranges with the autonomous systems that announce them: CSV lines `first,last,number,"name"`, in
 * ascending order, read as a stream into flat arrays. Of an IPv6 address only the first 64 bits count: no network
 * announces less than a /64.
 */
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { canonicalAddress } from "../address.ts";
import { groupsOf } from "./special.ts";

export interface AutonomousSystem {
  asn: number;
  name: string;
}

export interface AsnList {
  find(address: string): AutonomousSystem | undefined;
}

const shortestLine = 20; // bytes: an upper bound of the number of lines is known before they are read

export async function readAsnList(path: string): Promise<AsnList> {
  const room = Math.ceil((await stat(path)).size / shortestLine);
  // Numbers of up to 64 bits as their halves: typed arrays of bigint would allocate at each look-up.
  const [highs, lows, lastHighs, lastLows, numbers] = Array.from({ length: 5 }, () => new Uint32Array(room)) as [
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
  ];
  const names = new Map<number, string>();
  let count = 0;
  const take = (line: string): void => {
    const match = /^([^,]+),([^,]+),(\d+),(.*?)\r?$/.exec(line);
    const first = match && halvesOf(match[1] as string);
    const last = match && halvesOf(match[2] as string);
    if (!match || !first || !last || count === room) return;
    const asn = Number(match[3]);
    [highs[count], lows[count], lastHighs[count], lastLows[count], numbers[count]] = [...first, ...last, asn];
    if (!names.has(asn)) names.set(asn, nameOf(match[4] as string));
    count++;
  };
  let rest = "";
  for await (const chunk of createReadStream(path, { encoding: "utf8", highWaterMark: 128 * 1_024 })) {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() as string;
    for (const line of lines) take(line);
  }
  take(rest);
  if (count === 0) throw new Error(`${path} has no lines of address ranges`);
  const [high, low, lastHigh, lastLow, number] = [highs, lows, lastHighs, lastLows, numbers].map((whole) =>
    whole.slice(0, count),
  ) as [Uint32Array, Uint32Array, Uint32Array, Uint32Array, Uint32Array];

  return {
    find(address) {
      const halves = halvesOf(address);
      if (!halves) return undefined;
      const [h, l] = halves;
      let from = 0;
      let to = count;
      while (from < to) {
        const middle = (from + to) >>> 1;
        const mh = high[middle] as number;
        if (mh < h || (mh === h && (low[middle] as number) <= l)) from = middle + 1;
        else to = middle;
      }
      const at = from - 1;
      if (at < 0) return undefined;
      const lh = lastHigh[at] as number;
      if (lh < h || (lh === h && (lastLow[at] as number) < l)) return undefined;
      const asn = number[at] as number;
      return { asn, name: names.get(asn) ?? "" };
    },
  };
}

/** The first 64 bits; of an IPv4 address, its 32 in the second half. */
function halvesOf(text: string): [high: number, low: number] | undefined {
  const address = text.includes(":") ? canonicalAddress(text) : text;
  if (address === undefined) return undefined;
  if (!address.includes(":")) {
    const value = address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
    return Number.isInteger(value) ? [0, value] : undefined;
  }
  const [a = 0, b = 0, c = 0, d = 0] = groupsOf(address);
  return [a * 65_536 + b, c * 65_536 + d];
}

/** The text of a CSV field, whose quotes may have been doubled twice over. */
function nameOf(field: string): string {
  return field.replace(/^"|"$/g, "").replace(/"+/g, '"').trim();
}
