/** What people of the tests do, where and with what. */
import type { Agent, Network, Place } from "../../../src/ingest/enrichment.ts";
import type { SecurityEvent } from "../../../src/ingest/event.ts";
import { type EventWish, event } from "../rules.ts";

export const hour = 3_600; // seconds
export const day = 24 * hour;

export const austin: Place = { country: "US", city: "Austin", lat: 30.27, lon: -97.74, radiusKm: 20 };
export const dallas: Place = { country: "US", city: "Dallas", lat: 32.78, lon: -96.8, radiusKm: 20 };
export const denver: Place = { country: "US", city: "Denver", lat: 39.74, lon: -104.99, radiusKm: 20 };
export const lagos: Place = { country: "NG", city: "Lagos", lat: 6.45, lon: 3.39, radiusKm: 50 };
export const toronto: Place = { country: "CA", city: "Toronto", lat: 43.65, lon: -79.38, radiusKm: 20 };

export const homeNetwork: Network = { kind: "RESIDENTIAL", asn: 64_501, name: "Hill Cable" };
export const otherHome: Network = { kind: "RESIDENTIAL", asn: 64_502, name: "Valley Fiber" };
export const carrier: Network = { kind: "MOBILE", asn: 64_503, name: "Prairie Wireless" };
export const hosting: Network = { kind: "HOSTING", asn: 64_504, name: "Rack Farm" };
export const relay: Network = { kind: "VPN", asn: 64_505, name: "Hidden Tunnel" };
export const abroad: Network = { kind: "RESIDENTIAL", asn: 64_506, name: "Lagoon Telecom" };

export const laptop: Agent = { device: "DESKTOP", os: "Windows", browser: "Chrome" };
export const phone: Agent = { device: "PHONE", os: "iOS", browser: "Safari" };
export const strange: Agent = { device: "DESKTOP", os: "Linux", browser: "Firefox" };
export const script: Agent = { device: "PROGRAM", browser: "curl" };

export interface Deed extends EventWish {
  by?: string;
  roles?: string[];
  place?: Place;
  network?: Network;
  agent?: Agent;
}

/** A successful log-in of ann at home, or as wished. `at`: seconds after Tuesday, 2026-11-24, 00:00 UTC. */
export function logIn({
  by = "ann",
  roles = ["nurse"],
  place = austin,
  network = homeNetwork,
  agent = laptop,
  ...wish
}: Deed = {}): SecurityEvent {
  return event({
    action: "login",
    category: "AUTHENTICATION",
    outcome: "SUCCESS",
    actor: { name: by, roles },
    enrichment: { version: "test", place, network, agent },
    ...wish,
  });
}

export function read(deed: Deed = {}): SecurityEvent {
  return logIn({ action: "record.read", category: "ACCESS", ...deed });
}

/** `days` working days from a Tuesday at 09:00 in Chicago, a log-in and two deeds on each. */
export function workingDays(days: number, deed: Deed = {}, from = 0): SecurityEvent[] {
  const events: SecurityEvent[] = [];
  for (let n = 0, worked = 0; worked < days; n++) {
    if (n % 7 === 4 || n % 7 === 5) continue; // Saturday and Sunday
    worked++;
    const begins = from + n * day + 15 * hour; // UTC
    events.push(logIn({ ...deed, at: begins }));
    for (const later of [2, 4, 6, 8]) events.push(read({ ...deed, at: begins + later * hour }));
  }
  return events;
}
