/**
 * How large a document is, before anything is made of it: once over its nodes, each fragment once however often it is
 * spread, so that a short document that unfolds into a huge one is neither missed nor slow to measure. Names prove
 * nothing here (a fragment may be called `__schema`): only what kind of node it is.
 */
import {
  type DocumentNode,
  type FragmentDefinitionNode,
  Kind,
  type SelectionNode,
  type SelectionSetNode,
} from "graphql";

export interface Measure {
  /** Fields within each other; introspection counts as one. */
  depth: number;
  aliases: number;
  directives: number;
  /** The fields that take or make a secret, each as often as it is used. */
  secrets: readonly string[];
  /** Whether the schema is asked about. */
  introspects: boolean;
}

/** Whoever may repeat these at will could guess codes, or flood us with keys. */
export const secretFields: ReadonlySet<string> = new Set([
  "totpEnroll",
  "totpConfirm",
  "totpVerify",
  "totpDisable",
  "apiKeyCreate",
  "onCallCalendarRenew",
]);

const mostSecrets = 1_000; // spread upon spread, they could be any number

const introspection: ReadonlySet<string> = new Set(["__schema", "__type"]);
const measured = new WeakMap<DocumentNode, Measure>();

/** Of all operations together, and of fragments that none of them spreads. */
export function measure(document: DocumentNode): Measure {
  const known = measured.get(document);
  if (known) return known;
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const node of document.definitions) {
    if (node.kind === Kind.FRAGMENT_DEFINITION) fragments.set(node.name.value, node);
  }
  const done = new Map<string, Measure>();
  const open = new Set<string>();

  function ofFragment(name: string): Measure {
    const known = done.get(name);
    if (known) return known;
    const fragment = fragments.get(name);
    if (!fragment || open.has(name)) return nothing; // unknown, or within itself: validation refuses it
    open.add(name);
    const found = sum([of(fragment.directives), ofSet(fragment.selectionSet)]);
    open.delete(name);
    done.set(name, found);
    return found;
  }

  function ofSelection(node: SelectionNode): Measure {
    const own = of(node.directives);
    if (node.kind === Kind.FRAGMENT_SPREAD) return sum([own, ofFragment(node.name.value)]);
    if (node.kind === Kind.INLINE_FRAGMENT) return sum([own, ofSet(node.selectionSet)]);
    const inner = node.selectionSet ? ofSet(node.selectionSet) : nothing;
    const introspects = introspection.has(node.name.value);
    return {
      depth: introspects ? 1 : inner.depth + 1,
      aliases: inner.aliases + (node.alias ? 1 : 0),
      directives: inner.directives + own.directives,
      secrets: secretFields.has(node.name.value) ? [...inner.secrets, node.name.value] : inner.secrets,
      introspects: inner.introspects || introspects,
    };
  }

  const ofSet = ({ selections }: SelectionSetNode): Measure => sum(selections.map(ofSelection));

  const parts = document.definitions.map((node) => {
    if (node.kind === Kind.OPERATION_DEFINITION) {
      const ofVariables = (node.variableDefinitions ?? []).map(({ directives }) => of(directives));
      return sum([of(node.directives), ...ofVariables, ofSet(node.selectionSet)]);
    }
    return nothing;
  });
  const unused = [...fragments.keys()].filter((name) => !done.has(name)).map(ofFragment);
  const all = sum([...parts, ...unused]);
  measured.set(document, all);
  return all;
}

const nothing: Measure = { depth: 0, aliases: 0, directives: 0, secrets: [], introspects: false };

const of = (directives: readonly unknown[] | undefined): Measure => ({
  ...nothing,
  directives: directives?.length ?? 0,
});

function sum(parts: readonly Measure[]): Measure {
  const all = { ...nothing };
  for (const part of parts) {
    all.depth = Math.max(all.depth, part.depth);
    all.aliases += part.aliases;
    all.directives += part.directives;
    if (part.secrets.length > 0) all.secrets = [...all.secrets, ...part.secrets].slice(0, mostSecrets);
    all.introspects ||= part.introspects;
  }
  return all;
}
