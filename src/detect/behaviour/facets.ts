/** The facets that profiles have: those that detectors name. */
import type { BehaviourDetector } from "./behaviour-detector.ts";
import { detectors } from "./detectors.ts";
import type { Facet, ProfileKind } from "./facet.ts";

/** The facets of some detectors by whose they are, each once. Two that share a name would overwrite each other: an error. */
export function facetsOf(some: readonly BehaviourDetector[]): ReadonlyMap<ProfileKind, readonly Facet<unknown>[]> {
  const byName = new Map<string, Facet<unknown>>();
  for (const facet of some.flatMap((detector) => detector.facets)) {
    const known = byName.get(facet.name);
    if (known && known !== facet) throw new Error(`Two facets are called ${facet.name}`);
    byName.set(facet.name, facet);
  }
  const byKind = new Map<ProfileKind, Facet<unknown>[]>();
  for (const facet of byName.values()) {
    const list = byKind.get(facet.of);
    if (list) list.push(facet);
    else byKind.set(facet.of, [facet]);
  }
  return byKind;
}

export const facetTable = facetsOf(detectors);

export function facetNamed(name: string): Facet<unknown> | undefined {
  return [...facetTable.values()].flat().find((facet) => facet.name === name);
}
