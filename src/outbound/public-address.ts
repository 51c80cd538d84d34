/** Which addresses a message to outside may be sent to. Pure. */
import { BlockList, isIPv6 } from "node:net";
import { canonicalAddress } from "../address.ts";

/** Ours or our neighbours': loopback, private (RFC 1918), unique local (RFC 4193). */
const near = new BlockList();
/** IPv4 that is nobody's host on the Internet (IANA's special-purpose registry), and a cloud's own service. */
const never = new BlockList();
/** The only IPv6 there is on the Internet, and what is not a host's in it. */
const global = new BlockList();
const special = new BlockList();

for (const [net, bits] of [
  ["127.0.0.0", 8],
  ["10.0.0.0", 8],
  ["172.16.0.0", 12],
  ["192.168.0.0", 16],
] as const)
  near.addSubnet(net, bits, "ipv4");
near.addAddress("::1", "ipv6");
near.addSubnet("fc00::", 7, "ipv6");
for (const [net, bits] of [
  ["0.0.0.0", 8], // this network, unspecified
  ["100.64.0.0", 10], // carrier-grade NAT
  ["169.254.0.0", 16], // link-local, metadata services
  ["168.63.129.16", 32], // Azure's own service
  ["192.0.0.0", 24],
  ["192.0.2.0", 24], // documentation
  ["192.88.99.0", 24], // 6to4 relays
  ["198.18.0.0", 15], // benchmarks
  ["198.51.100.0", 24], // documentation
  ["203.0.113.0", 24], // documentation
  ["224.0.0.0", 3], // multicast, reserved, broadcast
] as const)
  never.addSubnet(net, bits, "ipv4");
// Left out by this: unspecified, IPv4-compatible, NAT64 (64:ff9b::/96, 64:ff9b:1::/48), link-local, multicast.
global.addSubnet("2000::", 3, "ipv6");
for (const [net, bits] of [
  ["2001::", 23], // Teredo and other protocols' own
  ["2001:db8::", 32], // documentation
  ["2002::", 16], // 6to4: an IPv4 address inside, of whatever kind
  ["3fff::", 20], // documentation
] as const)
  special.addSubnet(net, bits, "ipv6");

/** PUBLIC: a host on the Internet. NEAR: this machine, or a private network. NEVER: anything else, and what is no address. */
export function reachOf(address: string): "PUBLIC" | "NEAR" | "NEVER" {
  const canonical = canonicalAddress(address); // mapped IPv6 is read as the IPv4 that it is
  if (canonical === undefined) return "NEVER"; // a zone is link-local's
  if (isIPv6(canonical)) {
    if (near.check(canonical, "ipv6")) return "NEAR";
    return global.check(canonical, "ipv6") && !special.check(canonical, "ipv6") ? "PUBLIC" : "NEVER";
  }
  if (near.check(canonical, "ipv4")) return "NEAR";
  return never.check(canonical, "ipv4") ? "NEVER" : "PUBLIC";
}
