/**
 * The list of address ranges with the autonomous systems that announce them: CSV lines `first,last,number,"name"`, in
 * ascending order, read as a stream into flat arrays. IPv4 addresses may stand as numbers. Of an IPv6 address only the
 * first 52 bits count, which a float holds exactly: the Internet's routes are of 48 bits at most.
 */
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
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
  let firsts = new Float64Array(room);
  let lasts = new Float64Array(room);
  let numbers = new Uint32Array(room);
  const names = new Map<number, string>();
  let count = 0;
  const take = (line: string): void => {
    const one = line.indexOf(",");
    const two = line.indexOf(",", one + 1);
    const three = line.indexOf(",", two + 1);
    if (one < 0 || three < 0 || count === room) return;
    const asn = Number(line.slice(two + 1, three));
    firsts[count] = positionOf(line.slice(0, one));
    lasts[count] = positionOf(line.slice(one + 1, two));
    numbers[count] = asn;
    count++;
    if (!names.has(asn)) names.set(asn, nameOf(line.slice(three + 1)));
  };
  let rest = "";
  for await (const chunk of createReadStream(path, { encoding: "utf8", highWaterMark: 256 * 1_024 })) {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() as string;
    for (const line of lines) take(line);
  }
  take(rest);
  if (count === 0) throw new Error(`${path} has no lines of address ranges`);
  firsts = firsts.slice(0, count);
  lasts = lasts.slice(0, count);
  numbers = numbers.slice(0, count);

  return {
    find(address) {
      const position = positionOf(address);
      let from = 0;
      let to = count;
      while (from < to) {
        const middle = (from + to) >>> 1;
        if ((firsts[middle] as number) <= position) from = middle + 1;
        else to = middle;
      }
      if (from === 0 || !(position <= (lasts[from - 1] as number))) return undefined;
      const asn = numbers[from - 1] as number;
      return { asn, name: names.get(asn) ?? "" };
    },
  };
}

/** A number by which addresses of one family are in order; NaN: it is no address. */
function positionOf(address: string): number {
  if (address.includes(":")) {
    const [a = 0, b = 0, c = 0, d = 0] = groupsOf(address);
    return ((a * 65_536 + b) * 65_536 + c) * 16 + (d >> 12);
  }
  if (!address.includes(".")) return Number(address);
  return address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
}

/** The text of a CSV field, whose quotes may have been doubled twice over. */
function nameOf(field: string): string {
  return field.trim().replace(/^"|"$/g, "").replace(/"+/g, '"');
}
