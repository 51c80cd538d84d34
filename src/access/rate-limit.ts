import { canonicalAddress, networkOf } from "../address.ts";

/** Counts uses of a key over the last `period` ms, in this process. Bounded: the keys used longest ago leave first. */
export interface RateLimit {
  /** Takes one use: 0 when there was one left, else the ms until there is. */
  take(key: string): number;
}

const mostKeys = 10_000;

export function createRateLimit(options: { uses: number; period: number; now: () => number }): RateLimit {
  const { uses, period, now } = options;
  const taken = new Map<string, number[]>();
  return {
    take(key) {
      const at = now();
      const recent = (taken.get(key) ?? []).filter((time) => time > at - period && time <= at); // clocks are set back
      taken.delete(key);
      taken.set(key, recent); // to the end of the order
      if (taken.size > mostKeys) taken.delete(taken.keys().next().value as string);
      if (recent.length >= uses) return (recent[0] as number) + period - at;
      recent.push(at);
      return 0;
    },
  };
}

/** What counts as one source: an IPv4 address, or the /64 that one IPv6 customer has. */
export function sourceOf(address: string): string {
  const canonical = canonicalAddress(address.replace(/%.*$/, "")) ?? address;
  return networkOf(canonical) ?? canonical;
}
