/** Address ranges. An IPv4 address written inside IPv6 (::ffff:192.0.2.1) is that IPv4 address. */
import { isIP } from "node:net";

export interface Cidr {
  version: 4 | 6;
  /** 16-bit groups: 2 for IPv4, 8 for IPv6. */
  groups: number[];
  bits: number;
}

export function parseCidr(text: string): Cidr | undefined {
  const [address = "", prefix, ...rest] = text.trim().split("/");
  const parsed = parseAddress(address);
  if (!parsed || rest.length > 0) return undefined;
  const widest = parsed.version === 4 ? 32 : 128;
  if (prefix === undefined) return { ...parsed, bits: widest };
  const bits = /^\d{1,3}$/.test(prefix) ? Number(prefix) : Number.NaN;
  return bits <= widest ? { ...parsed, bits } : undefined;
}

export function inCidr(cidr: Cidr, text: string): boolean {
  const address = parseAddress(text);
  if (!address || address.version !== cidr.version) return false;
  let left = cidr.bits;
  for (let index = 0; left > 0; index++, left -= 16) {
    const mask = left >= 16 ? 0xffff : (0xffff << (16 - left)) & 0xffff;
    if ((((address.groups[index] ?? 0) ^ (cidr.groups[index] ?? 0)) & mask) !== 0) return false;
  }
  return true;
}

function parseAddress(text: string): { version: 4 | 6; groups: number[] } | undefined {
  const version = isIP(text);
  if (version === 4) return { version, groups: groupsOf4(text) };
  if (version !== 6) return undefined;
  let address = text.split("%")[0] ?? "";
  const embedded = /[\d.]+$/.exec(address)?.[0];
  if (embedded?.includes("."))
    address =
      address.slice(0, -embedded.length) +
      groupsOf4(embedded)
        .map((group) => group.toString(16))
        .join(":");
  const [before = "", after] = address.split("::");
  const head = before ? before.split(":") : [];
  const tail = after ? after.split(":") : [];
  const gap = after === undefined ? 0 : 8 - head.length - tail.length;
  const groups = [...head, ...new Array<string>(gap).fill("0"), ...tail].map((group) => Number.parseInt(group, 16));
  if (groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff)
    return { version: 4, groups: groups.slice(6) };
  return { version, groups };
}

function groupsOf4(text: string): number[] {
  const [a = 0, b = 0, c = 0, d = 0] = text.split(".").map(Number);
  return [(a << 8) | b, (c << 8) | d];
}
