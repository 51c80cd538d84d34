/** Addresses that lie nowhere on the map (IANA's special-purpose registries), and those that carry another inside. */
import { canonicalAddress } from "../../address.ts";
import type { NetworkKind } from "../enrichment.ts";
import { groupsOf, prefixSet } from "./position.ts";

type Special = Extract<NetworkKind, "PRIVATE" | "LOOPBACK" | "RESERVED">;

const isLoopback = prefixSet("127.0.0.0/8"); // and ::1
// Private (RFC 1918, RFC 4193), shared behind a carrier's NAT (RFC 6598), link-local.
const isPrivate = prefixSet(
  "10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 100.64.0.0/10 169.254.0.0/16 fc00::/7 fe80::/10 fec0::/10",
);
const isReserved = prefixSet(
  `0.0.0.0/8 192.0.0.0/24 192.0.2.0/24 192.88.99.0/24 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4
   240.0.0.0/4 ::/52 100::/52 2001:2::/48 2001:db8::/32 3fff::/20 5f00::/16 ff00::/8`,
);
const holdsIPv4 = prefixSet("64:ff9b::/52 2002::/16"); // NAT64 and 6to4

/** What an address is: special, or the canonical text of a public one; undefined: it is no address. */
export function placeInSpace(text: string): { special: Special } | { address: string } | undefined {
  const address = canonicalAddress(text);
  if (address === undefined) return undefined;
  const inner = address.includes(":") && holdsIPv4(address) ? innerIPv4(address) : address;
  if (inner === "::1" || isLoopback(inner)) return { special: "LOOPBACK" };
  if (isPrivate(inner)) return { special: "PRIVATE" };
  return isReserved(inner) ? { special: "RESERVED" } : { address: inner };
}

function innerIPv4(address: string): string {
  const groups = groupsOf(address);
  const [high = 0, low = 0] = groups[0] === 0x2002 ? groups.slice(1) : groups.slice(6);
  return `${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`;
}
