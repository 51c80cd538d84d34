/** Rules whose verdict differs from the evaluator's although ours follows the specification: the rule's id, and why. */
export const knownDifferences: ReadonlyMap<string, string> = new Map([]);
