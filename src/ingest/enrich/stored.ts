/**
 * Enrichment as its row holds it: one small JSON array, because every event has one. The parts stand in fixed places,
 * `0` for a part that is absent, null for an absent value; kinds and devices are codes that are never reused.
 */
import type { Agent, AgentDevice, Enrichment, Network, NetworkKind, Place } from "../enrichment.ts";

const kindCodes: Record<NetworkKind, string> = {
  RESIDENTIAL: "R",
  MOBILE: "M",
  HOSTING: "H",
  VPN: "V",
  PRIVATE: "P",
  LOOPBACK: "L",
  RESERVED: "S",
  UNKNOWN: "U",
};
const deviceCodes: Record<AgentDevice, string> = {
  DESKTOP: "D",
  PHONE: "P",
  TABLET: "T",
  BOT: "B",
  PROGRAM: "C",
  OTHER: "O",
};
const kindOf = new Map(Object.entries(kindCodes).map(([kind, code]) => [code, kind as NetworkKind]));
const deviceOf = new Map(Object.entries(deviceCodes).map(([device, code]) => [code, device as AgentDevice]));

const written = new WeakMap<Enrichment, string>();

/** The JSON text of the column. */
export function toColumn(enrichment: Enrichment): string {
  let text = written.get(enrichment);
  if (text === undefined) written.set(enrichment, (text = JSON.stringify(partsOf(enrichment))));
  return text;
}

function partsOf({ version, place, network, agent }: Enrichment): unknown[] {
  return [
    version,
    place ? trimmed([place.country, place.city, place.lat, place.lon, place.radiusKm]) : 0,
    network ? trimmed([kindCodes[network.kind], network.asn, network.name]) : 0,
    agent ? trimmed([deviceCodes[agent.device], agent.os, agent.browser]) : 0,
  ];
}

function trimmed(values: unknown[]): unknown[] {
  let length = values.length;
  while (length > 0 && values[length - 1] === undefined) length--;
  return values.slice(0, length);
}

/** What the column's JSON holds; undefined for null, and for what this version does not understand. */
export function fromColumn(column: unknown): Enrichment | undefined {
  if (!Array.isArray(column) || typeof column[0] !== "string") return undefined;
  const [version, place, network, agent] = column as [string, ...unknown[]];
  const enrichment: Enrichment = { version };
  if (Array.isArray(place)) enrichment.place = placeFrom(place);
  const kind = Array.isArray(network) ? kindOf.get(network[0]) : undefined;
  if (Array.isArray(network) && kind) enrichment.network = networkFrom(kind, network);
  const device = Array.isArray(agent) ? deviceOf.get(agent[0]) : undefined;
  if (Array.isArray(agent) && device) enrichment.agent = agentFrom(device, agent);
  return enrichment;
}

const isText = (value: unknown): value is string => typeof value === "string";
const isNumber = (value: unknown): value is number => typeof value === "number";

function placeFrom([country, city, lat, lon, radiusKm]: unknown[]): Place {
  return {
    ...(isText(country) ? { country } : {}),
    ...(isText(city) ? { city } : {}),
    ...(isNumber(lat) && isNumber(lon) ? { lat, lon } : {}),
    ...(isNumber(radiusKm) ? { radiusKm } : {}),
  };
}

function networkFrom(kind: NetworkKind, [, asn, name]: unknown[]): Network {
  return { kind, ...(isNumber(asn) ? { asn } : {}), ...(isText(name) ? { name } : {}) };
}

function agentFrom(device: AgentDevice, [, os, browser]: unknown[]): Agent {
  return { device, ...(isText(os) ? { os } : {}), ...(isText(browser) ? { browser } : {}) };
}
