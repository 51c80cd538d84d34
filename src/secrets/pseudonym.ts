import { LRUCache } from "lru-cache";

const remembered = 20_000; // the people and patients of a few days under the names they go by, some 150 B each
const longest = 128; // characters: longer ones are seldom names, and not remembered

/**
 * What stands for a sealed value where people see groups and subjects: the same for equal values, and told to nobody. It
 * remembers the latest: the same people and patients come again and again.
 */
export function pseudonymBy(indexOf: (value: string) => Buffer): (value: string) => string {
  const known = new LRUCache<string, string>({ max: remembered });
  return (value) => {
    const found = known.get(value);
    if (found !== undefined) return found;
    const pseudonym = `sealed-${indexOf(value).toString("hex")}`;
    if (value.length <= longest) known.set(value, pseudonym);
    return pseudonym;
  };
}
