import type { SecurityEvent } from "../../../ingest/event.ts";
import type { BehaviourDetector, Finding, ParametersOf, Seen } from "../behaviour-detector.ts";
import { deedWords, isSuccess } from "../deeds.ts";
import { activity, hasLearned } from "../facets/activity.ts";
import { countries } from "../facets/countries.ts";
import { devices } from "../facets/devices.ts";
import { known, knowsNetwork } from "../facets/known.ts";
import { networks } from "../facets/networks.ts";
import { others, peerCountries, peerNetworks, portalCountries, portalNetworks } from "../facets/peers.ts";
import { isOfProgram, programs } from "../facets/programs.ts";
import { isKnown, isNews } from "../habit.ts";
import { isOwnDevice } from "../own-device.ts";
import { aloneParameter, learningOf, peersParameter, trustParameter } from "../parameters.ts";
import { countryOf, networkKey, networkName, networkOf } from "../place-of.ts";

const parameters = {
  ...learningOf(14, 5),
  ...peersParameter("A network"),
  ...trustParameter("be taken to another country or come over a VPN"),
  anyNetwork: {
    description:
      "Whether a new network is enough by itself. Otherwise it must be one that people rarely log in over (hosting, VPN, relay) or lie in a country that neither the user nor others use.",
    default: false,
  },
  ...aloneParameter(),
} as const;

export const newNetwork: BehaviourDetector<typeof parameters> = {
  name: "new_network",
  title: "New network for a user",
  description:
    "A user succeeded over a network (autonomous system) that the user was never seen on, and that is out of the ordinary: hosting, a VPN or relay, or in a country nobody uses. Not found by default: a VPN or another country with a device whose id the user is known by, another mobile carrier, hotel or home network in a usual country; accounts of programs. Where only the country is odd, new_country tells of it, and the network is a part of that incident.",
  severity: "MEDIUM",
  tags: ["attack.initial-access", "attack.t1078", "attack.command-and-control", "attack.t1090"],
  falsepositives: ["A user who begins to use a VPN", "A company's own exit in a data centre that has moved"],
  learning:
    "14 days with activity on 5 of them, of each user. Until then nothing is found, and every network counts as the user's own; afterwards a network is new until the user came over it on three days, and is told of on the first of them, or when it comes back after a week.",
  parameters,
  facets: [
    networks,
    countries,
    devices,
    activity,
    peerNetworks,
    portalNetworks,
    peerCountries,
    portalCountries,
    known,
    programs,
  ],
  concerns: (event) => isSuccess(event) && networkKey(event) !== undefined,
  judge,
};

function judge(event: SecurityEvent, seen: Seen, asked: ParametersOf<typeof parameters>): Finding | undefined {
  const key = networkKey(event);
  const state = seen.facet(networks);
  if (key === undefined || !state || state.seen.length === 0 || isOfProgram(event, seen)) return undefined;
  if (!isNews(state, key, event.time) || knowsNetwork(seen.facet(known), key)) return undefined;
  if (!hasLearned(seen.facet(activity), event.time, asked.learningDays, asked.learningActiveDays)) return undefined;
  if (asked.peers > 0 && others(peerNetworks, key, event, seen) >= asked.peers) return undefined;
  const odd = oddity(event, seen, asked.trustKnownDevices);
  if (!odd && !asked.anyNetwork) return undefined;
  return {
    reason: `${deedWords(event)} over ${networkName(event)}, which the user never used before${odd?.why ?? ""}`,
    weak: odd?.byCountry === true && !asked.alone,
  };
}

interface Oddity {
  why: string;
  /** Only its country is odd, which new_country tells of. */
  byCountry?: true;
}

function oddity(event: SecurityEvent, seen: Seen, trusting: boolean): Oddity | undefined {
  const kind = networkOf(event)?.kind;
  if (kind === "HOSTING") return { why: "; it is a hosting network, where programs and relays run, not people" };
  // People switch a VPN on at their own machine; whoever stole a password has another one.
  if (kind === "VPN" && trusting && isOwnDevice(event, seen)) return undefined;
  if (kind === "VPN") return { why: "; it is a VPN or relay, which hides where its user is" };
  const country = countryOf(event);
  const own = seen.facet(countries);
  if (country === undefined || !own || isKnown(own, country, event.time)) return undefined;
  if (trusting && isOwnDevice(event, seen)) return undefined;
  const shared = others(peerCountries, country, event, seen);
  return shared > 0 ? undefined : { why: `; it is in ${country}, from where nobody else works`, byCountry: true };
}
