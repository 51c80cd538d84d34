import type { SecurityEvent } from "../../../ingest/event.ts";
import type { BehaviourDetector, Finding, ParametersOf, Seen } from "../behaviour-detector.ts";
import { isLogIn } from "../deeds.ts";
import { deviceFamily, deviceId } from "../device-of.ts";
import { activity, hasLearned } from "../facets/activity.ts";
import { countries } from "../facets/countries.ts";
import { devices, familiarity } from "../facets/devices.ts";
import { known, knowsDevice } from "../facets/known.ts";
import { networks } from "../facets/networks.ts";
import { others, peerCountries, peerNetworks, portalCountries, portalNetworks } from "../facets/peers.ts";
import { sessions } from "../facets/sessions.ts";
import { travel, wasThere } from "../facets/travel.ts";
import { isKnown, knownKeys } from "../habit.ts";
import { listWords } from "../in-words.ts";
import { isOwnCountryMobile } from "../own-device.ts";
import { aloneParameter, learningOf, peersParameter } from "../parameters.ts";
import { countryOf, hidesPlace, networkKey, networkName, spotOf } from "../place-of.ts";

const parameters = {
  ...learningOf(14, 5),
  ...peersParameter("A network"),
  anyDevice: {
    description:
      "Whether a new device is enough by itself. Otherwise it must also come over a network or from a place that is new for the user.",
    default: false,
  },
  ...aloneParameter(),
  aloneAfterDays: {
    description:
      "Device, network and place that are all new open an incident by themselves once the user is known for so many days: before, too little is known of the user's ways.",
    default: 21,
    min: 0,
    max: 365,
  },
  meanwhileMinutes: {
    description:
      "The new device opens an incident by itself where a session of the user was in use over a known network so shortly before: two people are at work then, minutes.",
    default: 15,
    min: 1,
    max: 120,
  },
} as const;

export const newDevice: BehaviourDetector<typeof parameters> = {
  name: "new_device",
  title: "New device for a user",
  description:
    "A user logged in with a device that the user never used (by the application's device id, else by browser, operating system and kind), over a network or from a place that is new too. Updates of a browser are no new device. Not found by default: a new device at a usual place, which is how people get new devices, or over a mobile network in a usual country. It opens an incident by itself where device, network and place are all new in a usual country for a user known for three weeks, or the user was at work elsewhere at that moment; else it adds to the threat score, and tells beside another sign of the user within a day.",
  severity: "MEDIUM",
  tags: ["attack.initial-access", "attack.t1078"],
  falsepositives: [
    "A new device that is first used on a journey",
    "A private window on a journey, where ids do not last",
  ],
  learning:
    "14 days with activity on 5 of them, of each user. Until then nothing is found, and every device counts as the user's own; afterwards a device is new until it was used on three days, and is told of on the first of them, or when it comes back after a week.",
  parameters,
  facets: [
    devices,
    activity,
    networks,
    countries,
    travel,
    peerNetworks,
    portalNetworks,
    peerCountries,
    portalCountries,
    sessions,
    known,
  ],
  concerns: (event) => isLogIn(event) && (event.device !== undefined || event.enrichment?.agent !== undefined),
  judge,
};

function judge(event: SecurityEvent, seen: Seen, asked: ParametersOf<typeof parameters>): Finding | undefined {
  const state = seen.facet(devices);
  if (!state || knowsDevice(seen.facet(known), event)) return undefined;
  const family = deviceFamily(event);
  if (familiarity(state, deviceId(event, seen), family, event.time) !== "NEW") return undefined;
  if (!hasLearned(seen.facet(activity), event.time, asked.learningDays, asked.learningActiveDays)) return undefined;
  const isWellKnown = hasLearned(seen.facet(activity), event.time, asked.aloneAfterDays, asked.learningActiveDays);
  const where = newWay(event, seen, asked.peers);
  if (!where && !asked.anyDevice) return undefined;
  const meanwhile = elsewhere(event, seen, asked.meanwhileMinutes);
  const told = [family ?? "its id is new", where?.told, meanwhile].filter(Boolean).join(", ");
  const usual = listWords(knownKeys(state.families));
  const instead = usual === "" ? "" : `; the user is known with ${usual}`;
  return {
    reason: `log-in with a device that the user never used: ${told}${instead}`,
    weak:
      !asked.alone &&
      meanwhile === undefined &&
      !(isWellKnown && where?.network && where.place && !isOddCountry(event, seen, asked.peers)),
  };
}

/** Of a country that neither the user nor others work from, new_country tells, and the device is a part of that incident. */
function isOddCountry(event: SecurityEvent, seen: Seen, peers: number): boolean {
  const country = countryOf(event);
  const own = seen.facet(countries);
  if (country === undefined || !own || own.seen.length === 0 || isKnown(own, country, event.time)) return false;
  return peers === 0 || others(peerCountries, country, event, seen) < peers;
}

interface Way {
  /** Which of the two is new. */
  network: boolean;
  place: boolean;
  told: string;
}

/** What is new of how the user came, besides the device; undefined: nothing, as far as the event tells. */
export function newWay(event: SecurityEvent, seen: Seen, peers: number): Way | undefined {
  if (isOwnCountryMobile(event, seen)) return undefined;
  const key = networkKey(event);
  const own = seen.facet(networks);
  const isOther = key !== undefined && own !== undefined && own.seen.length > 0 && !isKnown(own, key, event.time);
  const network = isOther && !(peers > 0 && others(peerNetworks, key, event, seen) >= peers);
  const spot = spotOf(event);
  const been = seen.facet(travel);
  const place =
    spot !== undefined &&
    been !== undefined &&
    been.places.length > 0 &&
    !hidesPlace(event) &&
    !wasThere(been, spot, event.time);
  if (!network && !place) return undefined;
  const told = [
    network ? `over ${networkName(event)}, which is new too` : "",
    place ? `from ${spot.name}, where the user never was` : "",
  ];
  return { network, place, told: told.filter(Boolean).join(", ") };
}

/** Whether the user was just at work over a network of their own, which is another one. */
function elsewhere(event: SecurityEvent, seen: Seen, minutes: number): string | undefined {
  const here = networkKey(event);
  const own = seen.facet(networks);
  const other = seen
    .facet(sessions)
    ?.findLast(
      ({ network, at }) =>
        network !== here && Math.abs(event.time - at) <= minutes * 60_000 && own && isKnown(own, network, event.time),
    );
  return other && `while the user was at work with ${other.device} over ${other.network}`;
}
