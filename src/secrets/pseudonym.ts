import { LRUCache } from "lru-cache";

const remembered = 10_000; // the people and patients of some days, some 150 B each

/**
 * What stands for a sealed value where people see groups and subjects: the same for equal values, and told to nobody. It
 * remembers the latest: the same people and patients come again and again.
 */
export function pseudonymBy(indexOf: (value: string) => Buffer): (value: string) => string {
  const known = new LRUCache<string, string>({ max: remembered });
  return (value) => {
    let pseudonym = known.get(value);
    if (pseudonym === undefined) known.set(value, (pseudonym = `sealed-${indexOf(value).toString("hex")}`));
    return pseudonym;
  };
}
