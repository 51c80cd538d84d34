/** What the others use: over which networks and from which countries the organization comes, which privileges a role uses. */
import type { SecurityEvent } from "../../../ingest/event.ts";
import { isSuccess, userOf } from "../deeds.ts";
import type { Facet, ProfileKind } from "../facet.ts";
import { noPeers, noteUse, othersUsing, type Peers } from "../peers.ts";
import { countryOf, networkKey } from "../place-of.ts";
import { privilegeOf } from "../privilege.ts";

function peersOf(name: string, of: ProfileKind, keyOf: (event: SecurityEvent) => string | undefined): Facet<Peers> {
  return {
    name,
    of,
    concerns: (event) => isSuccess(event) && userOf(event) !== undefined && keyOf(event) !== undefined,
    empty: noPeers,
    learn(state, event, surroundings) {
      const key = keyOf(event);
      const user = userOf(event);
      if (key !== undefined && user !== undefined) noteUse(state, key, surroundings.disguise(user), event.time);
    },
  };
}

export const peerNetworks = peersOf("peer_networks", "ORGANIZATION", networkKey);
export const peerCountries = peersOf("peer_countries", "ORGANIZATION", countryOf);
export const rolePrivileges = peersOf("role_privileges", "ROLE", privilegeOf);

/** How many other people use the key, up to three. */
export function others(
  state: Peers | undefined,
  key: string,
  event: SecurityEvent,
  disguise: (value: string) => string,
): number {
  const user = userOf(event);
  return state && user !== undefined ? othersUsing(state, key, disguise(user), event.time) : 0;
}
