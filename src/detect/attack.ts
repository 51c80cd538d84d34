/** What a rule's tags say of MITRE ATT&CK: `attack.t1110.001` is a technique, `attack.credential-access` a tactic. */
const tactics = new Set(
  (
    "reconnaissance resource-development initial-access execution persistence privilege-escalation defense-evasion " +
    "credential-access discovery lateral-movement collection command-and-control exfiltration impact"
  ).split(" "),
); // of ATT&CK for Enterprise

export interface Attack {
  /** e.g. T1110.001 */
  techniques: string[];
  /** e.g. credential-access */
  tactics: string[];
}

export function attackOf(tags: readonly string[]): Attack {
  const named = tags.flatMap((tag) => /^attack\.(.+)$/i.exec(tag.trim())?.[1] ?? []);
  const techniques = named.filter((name) => /^t\d{4}(\.\d{3})?$/i.test(name)).map((name) => name.toUpperCase());
  const slugs = named.map((name) => name.toLowerCase().replaceAll(/[_ ]/g, "-")).filter((name) => tactics.has(name));
  return { techniques: [...new Set(techniques)], tactics: [...new Set(slugs)] };
}
