/**
 * The list of address ranges with the autonomous systems that announce them: CSV lines `first,last,number,"name"`, in
 * ascending order, read as a stream into flat arrays. IPv4 addresses may stand as numbers.
 */
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { positionOf } from "./position.ts";

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

/** The text of a CSV field, whose quotes may have been doubled twice over. */
function nameOf(field: string): string {
  return field.trim().replace(/^"|"$/g, "").replace(/"+/g, '"');
}
