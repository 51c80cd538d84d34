/** Rules whose verdict differs from the evaluator's although ours follows the specification: the rule's id, and why. */
export const knownDifferences: ReadonlyMap<string, string> = new Map([
  [
    "ebbeb024-5b1d-4e16-9c0c-917f86c708a7",
    "the field holds a list of objects; a text is compared with texts, the evaluator searched the objects' JSON",
  ],
]);
