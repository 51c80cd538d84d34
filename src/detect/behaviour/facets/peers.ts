/** What the others use: over which networks and from which countries the organization comes, which privileges a role uses. */
import type { SecurityEvent } from "../../../ingest/event.ts";
import { isSuccess, userOf } from "../deeds.ts";
import type { Facet, ProfileKind, Seen } from "../facet.ts";
import { noPeers, noteUse, othersUsing, type Peers } from "../peers.ts";
import { countryOf, networkKey } from "../place-of.ts";
import { privilegeOf } from "../privilege.ts";
import { isPatientsOwn } from "../record-access.ts";

function peersOf(
  name: string,
  of: ProfileKind,
  keyOf: (event: SecurityEvent) => string | undefined,
  isOne: (event: SecurityEvent) => boolean,
): Facet<Peers> {
  return {
    name,
    of,
    concerns: (event) => isSuccess(event) && isOne(event) && userOf(event) !== undefined && keyOf(event) !== undefined,
    empty: noPeers,
    learn(state, event, surroundings) {
      const key = keyOf(event);
      const user = userOf(event);
      if (key !== undefined && user !== undefined) noteUse(state, key, surroundings.disguise(user), event.time);
    },
  };
}

/** Patients in the portal are anywhere, and anybody may become one: where they come from is usual for patients alone. */
const isStaff = (event: SecurityEvent): boolean => !isPatientsOwn(event);

export const peerNetworks = peersOf("peer_networks", "ORGANIZATION", networkKey, isStaff);
export const peerCountries = peersOf("peer_countries", "ORGANIZATION", countryOf, isStaff);
export const portalNetworks = peersOf("portal_networks", "ORGANIZATION", networkKey, isPatientsOwn);
export const portalCountries = peersOf("portal_countries", "ORGANIZATION", countryOf, isPatientsOwn);
export const rolePrivileges = peersOf("role_privileges", "ROLE", privilegeOf, () => true);

const ofPortal = new Map([
  [peerNetworks, portalNetworks],
  [peerCountries, portalCountries],
]);

/** How many other people use the key, up to three. For a patient both count, staff and patients. */
export function others(facet: Facet<Peers>, key: string, event: SecurityEvent, seen: Seen): number {
  const user = userOf(event);
  if (user === undefined) return 0;
  const portal = isPatientsOwn(event) ? ofPortal.get(facet) : undefined;
  const count = (each: Facet<Peers>): number => {
    const state = seen.facet(each);
    return state ? othersUsing(state, key, seen.disguise(user), event.time) : 0;
  };
  return portal ? Math.max(count(facet), count(portal)) : count(facet);
}
