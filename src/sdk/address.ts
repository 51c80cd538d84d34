/** Addresses as numbers: an IPv4 address is one 32-bit word, an IPv6 address four; IPv4-mapped IPv6 is IPv4. Pure. */

/** One word: IPv4. Four words: IPv6. Words are signed 32-bit, which V8 keeps unboxed. */
export type Address = readonly number[];

export interface Network {
  address: Address;
  /** Leading bits that count. */
  prefix: number;
}

/** The address that a text names, or undefined. A zone (`%eth0`) is left out. */
export function readAddress(text: string): Address | undefined {
  if (text.length < 2 || text.length > 60) return undefined;
  if (!text.includes(":")) {
    const word = readV4(text, 0);
    return word === undefined ? undefined : [word];
  }
  if (text.startsWith("::ffff:") && text.includes(".")) {
    const word = readV4(text, 7);
    return word === undefined ? undefined : [word];
  }
  return readV6(text);
}

function readV4(text: string, from: number): number | undefined {
  let word = 0;
  let part = -1;
  let dots = 0;
  for (let at = from; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 46) {
      if (part < 0 || ++dots > 3) return undefined;
      word = (word << 8) | part;
      part = -1;
    } else if (code >= 48 && code <= 57 && part !== 0) {
      part = (part < 0 ? 0 : part * 10) + code - 48;
      if (part > 255) return undefined;
    } else {
      return undefined;
    }
  }
  return dots === 3 && part >= 0 ? (word << 8) | part : undefined;
}

const group = /^[0-9a-f]{1,4}$/i;

function readV6(text: string): Address | undefined {
  const zone = text.indexOf("%");
  const [head = "", tail, ...more] = (zone < 0 ? text : text.slice(0, zone)).split("::");
  if (more.length > 0) return undefined;
  const before = readGroups(head);
  const after = tail === undefined ? [] : readGroups(tail);
  if (!before || !after) return undefined;
  const missing = 8 - before.length - after.length;
  if (tail === undefined ? missing !== 0 : missing < 1) return undefined;
  const groups = [...before, ...new Array<number>(missing).fill(0), ...after];
  const words = [0, 2, 4, 6].map((at) => ((groups[at] as number) << 16) | (groups[at + 1] as number));
  const isMapped = words[0] === 0 && words[1] === 0 && words[2] === 0xffff;
  return isMapped ? [words[3] as number] : words;
}

function readGroups(text: string): number[] | undefined {
  if (text === "") return [];
  const groups: number[] = [];
  const parts = text.split(":");
  for (const [at, part] of parts.entries()) {
    if (group.test(part)) {
      groups.push(Number.parseInt(part, 16));
      continue;
    }
    const word = at === parts.length - 1 ? readV4(part, 0) : undefined;
    if (word === undefined) return undefined;
    groups.push(word >>> 16, word & 0xffff);
  }
  return groups;
}

/** An address or a range in CIDR notation, or undefined. Host bits are cleared. */
export function readNetwork(text: string): Network | undefined {
  const slash = text.indexOf("/");
  const address = readAddress(slash < 0 ? text : text.slice(0, slash));
  if (!address) return undefined;
  const width = address.length * 32;
  if (slash < 0) return { address, prefix: width };
  const digits = text.slice(slash + 1);
  if (!/^\d{1,3}$/.test(digits)) return undefined;
  // A mapped address is IPv4 here; its prefix counts from the 96 bits before it.
  const prefix = width === 32 && text.includes(":") ? Number(digits) - 96 : Number(digits);
  if (prefix < 0 || prefix > width) return undefined;
  return { address: address.map((word, at) => word & maskOf(prefix, at)), prefix };
}

/** The bits of a word, the first being 0, that the first `prefix` bits of an address take. */
export function maskOf(prefix: number, word: number): number {
  const bits = prefix - word * 32;
  return bits <= 0 ? 0 : bits >= 32 ? -1 : -1 << (32 - bits);
}

/** Whether two networks share an address: they do where the shorter prefix is the beginning of the longer one. */
export function networksOverlap(one: Network, other: Network): boolean {
  if (one.address.length !== other.address.length) return false;
  const prefix = Math.min(one.prefix, other.prefix);
  return one.address.every((word, at) => ((word ^ (other.address[at] as number)) & maskOf(prefix, at)) === 0);
}

/** Whether an address lies in one of the networks. */
export function isWithin(address: Address, networks: readonly Network[]): boolean {
  for (const network of networks) if (isIn(address, network)) return true;
  return false;
}

/** Plain loops: this runs for every request of a host. */
function isIn(address: Address, { address: first, prefix }: Network): boolean {
  if (first.length !== address.length) return false;
  for (let at = 0; at < address.length; at++) {
    if ((((address[at] as number) ^ (first[at] as number)) & maskOf(prefix, at)) !== 0) return false;
  }
  return true;
}

/** An address as text, as RFC 5952 writes it. */
export function formatAddress(address: Address): string {
  if (address.length === 1) {
    const word = address[0] as number;
    return `${word >>> 24}.${(word >>> 16) & 255}.${(word >>> 8) & 255}.${word & 255}`;
  }
  const groups = address.flatMap((word) => [word >>> 16, word & 0xffff]);
  let [start, length] = [-1, 1];
  for (let at = 0; at < 8; at++) {
    let run = 0;
    while (groups[at + run] === 0) run++;
    if (run > length) [start, length] = [at, run];
    at += run;
  }
  const hex = groups.map((value) => value.toString(16));
  if (start < 0) return hex.join(":");
  return `${hex.slice(0, start).join(":")}::${hex.slice(start + length).join(":")}`;
}
