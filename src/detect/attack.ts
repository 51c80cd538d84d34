/** What a rule's tags say of MITRE ATT&CK: `attack.t1110.001` is a technique, `attack.credential-access` a tactic. */
import { tacticNames } from "./attack-names.ts";

export interface Attack {
  /** e.g. T1110.001 */
  techniques: string[];
  /** e.g. credential-access */
  tactics: string[];
}

export function attackOf(tags: readonly string[]): Attack {
  const named = tags.flatMap((tag) => /^attack\.(.+)$/i.exec(tag.trim())?.[1] ?? []);
  const techniques = named.filter((name) => /^t\d{4}(\.\d{3})?$/i.test(name)).map((name) => name.toUpperCase());
  const slugs = named
    .map((name) => name.toLowerCase().replaceAll(/[_ ]/g, "-"))
    .filter((name) => tacticNames.has(name));
  return { techniques: [...new Set(techniques)], tactics: [...new Set(slugs)] };
}
