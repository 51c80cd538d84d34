/** What an action is done to, in one spelling: an address, a range, a user or a session. Pure. */
import { isIPv6 } from "node:net";
import { LRUCache } from "lru-cache";
import { canonicalAddress } from "../address.ts";

export const decisionScopes = ["IP", "RANGE", "USER", "SESSION"] as const;
export type DecisionScope = (typeof decisionScopes)[number];

export interface Target {
  scope: DecisionScope;
  /** Canonical: an address as RFC 5952 writes it, a range by its first address, a user or session as it was given. */
  value: string;
}

/** An address or a range as text; undefined: neither. Host bits of a range are cleared; a range of one is an address. */
export function readNetwork(text: string): Target | undefined {
  const [address = "", bits, ...rest] = text.trim().split("/");
  const canonical = canonicalAddress(address);
  if (canonical === undefined || rest.length > 0) return undefined;
  const width = isIPv6(canonical) ? 128 : 32;
  if (bits === undefined) return { scope: "IP", value: canonical };
  if (!/^\d{1,3}$/.test(bits)) return undefined;
  // A mapped address is written as IPv4 here; its prefix counts from the 96 bits before it.
  const prefix = address.includes(":") && width === 32 ? Number(bits) - 96 : Number(bits);
  if (prefix < 0 || prefix > width) return undefined;
  if (prefix === width) return { scope: "IP", value: canonical };
  return { scope: "RANGE", value: `${firstOf(canonical, prefix, width)}/${prefix}` };
}

function firstOf(address: string, prefix: number, width: number): string {
  const kept = (toNumber(address) >> BigInt(width - prefix)) << BigInt(width - prefix);
  if (width === 32) return [24n, 16n, 8n, 0n].map((shift) => (kept >> shift) & 255n).join(".");
  const groups = Array.from({ length: 8 }, (_, index) => ((kept >> BigInt(112 - 16 * index)) & 0xffffn).toString(16));
  return canonicalAddress(groups.join(":")) as string;
}

function toNumber(address: string): bigint {
  if (!isIPv6(address)) return address.split(".").reduce((sum, part) => (sum << 8n) | BigInt(part), 0n);
  const [head = "", tail] = address.split("::");
  const left = head === "" ? [] : head.split(":");
  const right = tail === undefined || tail === "" ? [] : tail.split(":");
  const groups = [...left, ...new Array(8 - left.length - right.length).fill("0"), ...right];
  return groups.reduce((sum, group) => (sum << 16n) | BigInt(`0x${group}`), 0n);
}

export interface Span {
  isV6: boolean;
  /** Of an address, all its bits. */
  prefix: number;
  first: bigint;
  last: bigint;
}

/** Of what was compared last: each target is compared with the same protected networks. */
const spans = new LRUCache<string, Span>({ max: 1_000, memoMethod: readSpan });

/** The addresses of an address or a range, as numbers. */
export const spanOf = (value: string): Span => spans.memo(value);

function readSpan(value: string): Span {
  const [address = "", bits] = value.split("/");
  const isV6 = isIPv6(address);
  const width = isV6 ? 128 : 32;
  const prefix = Number(bits ?? width);
  const first = toNumber(address);
  return { isV6, prefix, first, last: first + (1n << BigInt(width - prefix)) - 1n };
}

/** Those of the networks that are as narrow as this prefix of their family, or narrower. */
export function noWider(networks: readonly string[], { v4, v6 }: { v4: number; v6: number }): string[] {
  return networks.filter((network) => {
    const { isV6, prefix } = spanOf(network);
    return prefix >= (isV6 ? v6 : v4);
  });
}

/** Whether two addresses or ranges share an address. */
export function overlap(one: string, other: string): boolean {
  const [a, b] = [spanOf(one), spanOf(other)];
  return a.isV6 === b.isV6 && a.first <= b.last && b.first <= a.last;
}
