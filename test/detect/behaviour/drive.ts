/** Detectors over events one by one: each is judged against the profiles as they are, then teaches them. */
import type {
  BehaviourDetector,
  Finding,
  ParametersOf,
  ParameterTable,
  Seen,
} from "../../../src/detect/behaviour/behaviour-detector.ts";
import { userOf } from "../../../src/detect/behaviour/deeds.ts";
import { serviceOf } from "../../../src/detect/behaviour/entity-of.ts";
import type { Facet, ProfileKind } from "../../../src/detect/behaviour/facet.ts";
import type { SecurityEvent } from "../../../src/ingest/event.ts";

// biome-ignore lint/suspicious/noExplicitAny: detectors of every table of parameters
export type AnyDetector = BehaviourDetector<any>;

export interface Found extends Finding {
  detector: string;
  event: SecurityEvent;
}

const often = 20_000; // states

export function drive(detectors: readonly AnyDetector[], options: { timeZone?: string } = {}) {
  const facets = new Map<string, Facet<unknown>>();
  for (const detector of detectors) for (const facet of detector.facets) facets.set(facet.name, facet);
  const profiles = new Map<string, unknown>();
  let written = 0;
  const surroundings = { timeZone: options.timeZone ?? "America/Chicago", disguise };
  const parameters = new Map<string, object>();
  /** With their defaults, until they are tuned. */
  const settings = new Map<AnyDetector, object>();

  function key(facet: Facet<unknown>, event: SecurityEvent): string | undefined {
    const owner = ownerOf(facet.of, event);
    return owner === undefined ? undefined : `${facet.of}/${owner}/${facet.name}`;
  }

  function stateOf<State>(facet: Facet<State>, event: SecurityEvent): State | undefined {
    const at = key(facet as Facet<unknown>, event);
    if (at === undefined) return undefined;
    if (!profiles.has(at)) return facet.empty();
    return profiles.get(at) as State;
  }

  /**
   * Every now and then as JSON, as the server does between batches: a state that does not survive that is noticed. Less
   * often once thousands have survived it: what weeks of a clinic take is mostly this.
   */
  function store(at: string, state: unknown): void {
    const every = written < often ? 8 : 64;
    profiles.set(at, written++ % every === 0 ? JSON.parse(JSON.stringify(state)) : state);
  }

  function feed(events: SecurityEvent | readonly SecurityEvent[]): Found[] {
    const found: Found[] = [];
    for (const event of [events].flat() as SecurityEvent[]) {
      const seen: Seen = { ...surroundings, facet: (facet) => stateOf(facet, event) };
      for (const detector of detectors) {
        if (!detector.concerns(event)) continue;
        const finding = detector.judge(event, seen, parametersOf(detector) as ParametersOf<ParameterTable>);
        if (finding) found.push({ ...finding, detector: detector.name, event });
      }
      for (const facet of facets.values()) {
        const at = key(facet, event);
        if (at === undefined || !facet.concerns(event)) continue;
        const state = stateOf(facet, event);
        facet.learn(state, event, seen);
        store(at, state);
      }
    }
    return found;
  }

  function parametersOf(detector: AnyDetector): object {
    const known = settings.get(detector);
    if (known) return known;
    const table = Object.entries(detector.parameters as ParameterTable);
    const defaults = Object.fromEntries(table.map(([each, parameter]) => [each, parameter.default]));
    const made = { ...defaults, ...parameters.get(detector.name) };
    settings.set(detector, made);
    return made;
  }

  return {
    feed,
    /** Other parameters than the defaults, for a detector or for all that have them. */
    tune(values: object, detector?: AnyDetector) {
      for (const { name } of detector ? [detector] : detectors)
        parameters.set(name, { ...parameters.get(name), ...values });
      settings.clear();
    },
    change<State>(facet: Facet<State>, event: SecurityEvent, change: (state: State) => void) {
      const at = key(facet as Facet<unknown>, event);
      const state = stateOf(facet, event);
      if (at === undefined || state === undefined) return;
      change(state);
      store(at, state);
    },
    tell<State>(facet: Facet<State>, event: SecurityEvent): string | undefined {
      return facet.tell?.(stateOf(facet, event) as State);
    },
    /** The largest state of each facet so far, bytes of JSON. */
    sizes(): Map<string, number> {
      const sizes = new Map<string, number>();
      for (const [at, state] of profiles) {
        const json = JSON.stringify(state);
        const name = at.slice(at.lastIndexOf("/") + 1);
        sizes.set(name, Math.max(sizes.get(name) ?? 0, Buffer.byteLength(json)));
      }
      return sizes;
    },
  };
}

function ownerOf(of: ProfileKind, event: SecurityEvent): string | undefined {
  if (of === "ORGANIZATION") return "";
  if (of === "ROLE") return event.actor?.roles?.[0];
  if (of === "API_KEY") return event.attributes["api_key.id"] as string | undefined;
  if (of === "PATIENT") return event.target?.patientId;
  if (of === "SERVICE") return serviceOf(event);
  return of === "USER" ? userOf(event) : undefined;
}

/** As short as the server's, and as unequal. */
function disguise(value: string): string {
  let hash = 0x811c9dc5;
  for (let n = 0; n < value.length; n++) hash = Math.imul(hash ^ value.charCodeAt(n), 0x01000193) >>> 0;
  return `~${hash.toString(16).padStart(8, "0")}${value.length.toString(16)}`;
}
