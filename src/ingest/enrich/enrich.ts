/** What arrival adds to an event: a pure function of the event and the data of the moment. */
import type { Agent, Enrichment, Network, Place } from "../enrichment.ts";
import type { EventDraft } from "../event.ts";
import { givenPlace } from "./given-place.ts";

/** What is known of an address. The same object each time, for as long as it is remembered. */
export interface Whereabouts {
  place?: Place;
  network?: Network;
}

/** What addresses and user agents are looked up in. */
export interface Sources {
  version: string;
  whereabouts(address: string): Whereabouts | undefined;
  agent(userAgent: string): Agent | undefined;
  /** The enrichment of both together: the same object for the same two. */
  together(whereabouts: Whereabouts | undefined, agent: Agent | undefined): Enrichment;
}

/** Undefined: nothing is known. Never throws: what cannot be read adds nothing. */
export function enrich(event: Pick<EventDraft, "source" | "userAgent">, sources: Sources): Enrichment | undefined {
  const { source, userAgent } = event;
  const whereabouts = source?.ip === undefined ? undefined : sources.whereabouts(source.ip);
  const agent = userAgent === undefined ? undefined : sources.agent(userAgent);
  const given = source && givenPlace(source, whereabouts?.place);
  if (!given) return whereabouts || agent ? sources.together(whereabouts, agent) : undefined;
  const { network } = whereabouts ?? {};
  return { version: sources.version, place: given, ...(network ? { network } : {}), ...(agent ? { agent } : {}) };
}
