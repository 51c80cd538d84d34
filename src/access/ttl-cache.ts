/**
 * How long what is known of a credential is believed, in ms. A live socket looks again as often, so that whoever is
 * suspended, revoked or given another role is out everywhere within twice this (5 seconds are promised).
 */
export const freshFor = 2_000;

/** A bounded cache of answers that may be a little old. Calls for a key that is being loaded share the load. */
export interface TtlCache<V> {
  /** The answer kept for `key`, or what `load` gives. A failed load is not kept. */
  get(key: string, load: () => Promise<V>): Promise<V>;
  readonly size: number;
}

/** A cache whose answers are at most `ttl` ms old, counted from the start of their load. The oldest leave first. */
export function createTtlCache<V>(options: { ttl: number; maximum: number; now: () => number }): TtlCache<V> {
  const entries = new Map<string, { at: number; value: Promise<V> }>();
  return {
    get(key, load) {
      const at = options.now();
      const known = entries.get(key);
      // A clock set back makes an answer of the future: not trusted either.
      if (known && known.at <= at && at - known.at < options.ttl) return known.value;
      const entry = { at, value: load() };
      entries.delete(key); // to the end of the order
      entries.set(key, entry);
      if (entries.size > options.maximum) entries.delete(entries.keys().next().value as string);
      entry.value.catch(() => {
        if (entries.get(key) === entry) entries.delete(key);
      });
      return entry.value;
    },
    get size() {
      return entries.size;
    },
  };
}
