/** Looks addresses and user agents up and remembers the latest of them, whatever the data is. */
import { LRUCache } from "lru-cache";
import type { Agent, Enrichment, Network } from "../enrichment.ts";
import { agentOf, parserVersion } from "./agent.ts";
import type { AsnList } from "./asn-list.ts";
import type { Sources, Whereabouts } from "./enrich.ts";
import { networkKind } from "./network-kind.ts";
import { tableVersion } from "./network-table.ts";
import { placeOfRecord } from "./place-record.ts";
import { placeInSpace } from "./special.ts";

/** What is open of the data. */
export interface OpenData {
  /** The record of a public address in the data of cities. */
  city?: { get(address: string): unknown; day: string } | undefined;
  asn?: (AsnList & { day: string }) | undefined;
}

const mostAddresses = 50_000; // some 300 B each
const mostAgents = 10_000;
const mostTogether = 32; // user agents of one address; behind a NAT there are more, and then they are made anew

export function createSources({ city, asn }: OpenData): Sources {
  const version = [
    ...(city ? [`city ${city.day}`] : []),
    ...(asn ? [`asn ${asn.day}`] : []),
    `kinds ${tableVersion}`,
    `agent ${parserVersion}`,
  ].join(", ");
  const nowhere: Whereabouts = {};
  const addresses = new LRUCache<string, Whereabouts>({ max: mostAddresses });
  const agents = new LRUCache<string, Agent | typeof noAgent>({ max: mostAgents });
  const known = new WeakMap<Whereabouts, Map<Agent | undefined, Enrichment>>();

  function lookUp(text: string): Whereabouts {
    const found = placeInSpace(text);
    if (!found) return nowhere;
    if ("special" in found) return { network: { kind: found.special } };
    const { address } = found;
    const place = city && placeOfRecord(city.get(address));
    const system = asn?.find(address);
    const kind = networkKind(address, system);
    const network: Network = system
      ? { kind, asn: system.asn, ...(system.name ? { name: system.name } : {}) }
      : { kind };
    return { ...(place ? { place } : {}), ...(system || kind !== "UNKNOWN" ? { network } : {}) };
  }

  function whereabouts(text: string): Whereabouts | undefined {
    let found = addresses.get(text);
    if (!found) addresses.set(text, (found = lookUp(text)));
    return found.network || found.place ? found : undefined;
  }

  return {
    version,
    whereabouts,
    agent(userAgent) {
      let found = agents.get(userAgent);
      if (!found) agents.set(userAgent, (found = agentOf(userAgent) ?? noAgent));
      return found === noAgent ? undefined : (found as Agent);
    },
    together(where = nowhere, agent) {
      let ofAddress = known.get(where);
      if (!ofAddress || ofAddress.size >= mostTogether) known.set(where, (ofAddress = new Map()));
      let found = ofAddress.get(agent);
      if (!found) ofAddress.set(agent, (found = { version, ...where, ...(agent ? { agent } : {}) }));
      return found;
    },
  };
}

const noAgent = Symbol("nothing known");
