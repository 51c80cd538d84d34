/** Addresses that lie nowhere on the map (IANA's special-purpose registries), and those that carry another inside. */
import { BlockList } from "node:net";
import { canonicalAddress } from "../address.ts";
import type { NetworkKind } from "../enrichment.ts";

type Special = Extract<NetworkKind, "PRIVATE" | "LOOPBACK" | "RESERVED">;

const ranges: readonly [kind: Special, prefixes: string][] = [
  ["LOOPBACK", "127.0.0.0/8 ::1/128"],
  // Private (RFC 1918, RFC 4193), shared behind a carrier's NAT (RFC 6598), link-local.
  ["PRIVATE", "10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 100.64.0.0/10 169.254.0.0/16 fc00::/7 fe80::/10 fec0::/10"],
  [
    "RESERVED",
    `0.0.0.0/8 192.0.0.0/24 192.0.2.0/24 192.88.99.0/24 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4
     240.0.0.0/4 ::/128 100::/64 2001:2::/48 2001:db8::/32 3fff::/20 5f00::/16 ff00::/8`,
  ],
];

/** A list of prefixes, which tells whether an address lies in one of them. */
export function prefixList(prefixes: string): (address: string) => boolean {
  const list = new BlockList();
  for (const prefix of prefixes.trim().split(/\s+/)) {
    const [network = "", bits] = prefix.split("/");
    list.addSubnet(network, Number(bits), familyOf(network));
  }
  return (address) => list.check(address, familyOf(address));
}

const familyOf = (address: string): "ipv4" | "ipv6" => (address.includes(":") ? "ipv6" : "ipv4");

const lists = ranges.map(([kind, prefixes]) => ({ kind, has: prefixList(prefixes) }));
const holdsIPv4 = prefixList("64:ff9b::/96 2002::/16"); // NAT64 and 6to4

/** What an address is: special, or the canonical text of a public one; undefined: it is no address. */
export function placeInSpace(text: string): { special: Special } | { address: string } | undefined {
  const address = canonicalAddress(text);
  if (address === undefined) return undefined;
  const inner = address.includes(":") && holdsIPv4(address) ? innerIPv4(address) : address;
  const special = lists.find(({ has }) => has(inner));
  return special ? { special: special.kind } : { address: inner };
}

function innerIPv4(address: string): string {
  const groups = groupsOf(address);
  const [high, low] = groups[0] === 0x2002 ? [groups[1], groups[2]] : [groups[6], groups[7]];
  const [h, l] = [high as number, low as number];
  return `${h >> 8}.${h & 255}.${l >> 8}.${l & 255}`;
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
