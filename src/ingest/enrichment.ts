/**
 * What Vigil adds to an event on arrival: where its address lies, what network that is, what program sent it. Stored
 * with the event together with the versions of the data it came from, and never looked up again: a replay finds what was
 * found at the time.
 */
export const networkKinds = [
  "RESIDENTIAL",
  "MOBILE",
  "HOSTING",
  "VPN",
  "PRIVATE",
  "LOOPBACK",
  "RESERVED",
  "UNKNOWN",
] as const;
/** PRIVATE, LOOPBACK and RESERVED addresses have no place; VPN stands for any relay that hides the real address; RESIDENTIAL are lines of homes and offices. */
export type NetworkKind = (typeof networkKinds)[number];

export const agentDevices = ["DESKTOP", "PHONE", "TABLET", "BOT", "PROGRAM", "OTHER"] as const;
/** What kind of machine a user agent speaks for; PROGRAM is a library or tool, BOT a crawler that says so. */
export type AgentDevice = (typeof agentDevices)[number];

export interface Place {
  /** ISO 3166-1 alpha-2, upper case. */
  country?: string;
  city?: string;
  /** Degrees, WGS 84; both or neither. */
  lat?: number;
  lon?: number;
  /** The true position lies within this, with good probability, km. */
  radiusKm?: number;
}

export interface Network {
  kind: NetworkKind;
  /** Autonomous system number. */
  asn?: number;
  /** Who runs it. */
  name?: string;
}

export interface Agent {
  device: AgentDevice;
  /** Families without versions, e.g. `Windows`, `iOS`; `Chrome`, `Firefox`. */
  os?: string;
  browser?: string;
}

export interface Enrichment {
  /** The data and parsers this came from, e.g. `city 20260605, asn 20260617, kinds 1, agent 2.15.0`. */
  version: string;
  /** As the sender gave it, else as the address says. */
  place?: Place;
  network?: Network;
  agent?: Agent;
}
