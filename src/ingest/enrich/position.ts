/** Addresses as numbers, and sets of prefixes, which compare them. */

/**
 * A number by which the addresses of one family are in order: the 32 bits of an IPv4 address, the first 52 of a canonical
 * IPv6 address (a float holds 53 exactly; the Internet's routes are of 48 at most). NaN: it is no address.
 */
export function positionOf(address: string): number {
  if (address.includes(":")) {
    const [a = 0, b = 0, c = 0, d = 0] = groupsOf(address);
    return ((a * 65_536 + b) * 65_536 + c) * 16 + (d >> 12);
  }
  let value = 0;
  let part = 0;
  for (let index = 0; index < address.length; index++) {
    const code = address.charCodeAt(index);
    if (code >= 48 && code <= 57) part = part * 10 + code - 48;
    else if (code === 46) {
      value = value * 256 + part;
      part = 0;
    } else return Number.NaN;
  }
  return address === "" ? Number.NaN : value * 256 + part;
}

/** The eight groups of a canonical IPv6 address. */
export function groupsOf(address: string): number[] {
  const gap = address.indexOf("::");
  if (gap < 0) return address.split(":").map(fromHex);
  const before = gap === 0 ? [] : address.slice(0, gap).split(":").map(fromHex);
  const after =
    gap + 2 === address.length
      ? []
      : address
          .slice(gap + 2)
          .split(":")
          .map(fromHex);
  while (before.length + after.length < 8) before.push(0);
  return before.concat(after);
}

const fromHex = (group: string): number => Number.parseInt(group, 16);

/** A set of prefixes (IPv6: of 52 bits at most), which tells whether an address lies in one of them. */
export function prefixSet(prefixes: string): (address: string) => boolean {
  const ranges = { ipv4: [] as number[], ipv6: [] as number[] }; // first, last, first, last, …
  for (const prefix of prefixes.trim().split(/\s+/)) {
    const [network = "", bits] = prefix.split("/");
    const isIPv6 = network.includes(":");
    const first = positionOf(network);
    ranges[isIPv6 ? "ipv6" : "ipv4"].push(first, first + 2 ** ((isIPv6 ? 52 : 32) - Number(bits)) - 1);
  }
  return (address) => {
    const position = positionOf(address);
    const list = address.includes(":") ? ranges.ipv6 : ranges.ipv4;
    for (let index = 0; index < list.length; index += 2)
      if (position >= (list[index] as number) && position <= (list[index + 1] as number)) return true;
    return false;
  };
}
