import type { SecurityEvent } from "../../../ingest/event.ts";
import type { BehaviourDetector, Finding, ParametersOf, Seen } from "../behaviour-detector.ts";
import { isLogIn } from "../deeds.ts";
import { deviceFamily, deviceId } from "../device-of.ts";
import { activity, hasLearned } from "../facets/activity.ts";
import { countries } from "../facets/countries.ts";
import { devices, familiarity } from "../facets/devices.ts";
import { known, knowsDevice } from "../facets/known.ts";
import { networks } from "../facets/networks.ts";
import { others, peerNetworks } from "../facets/peers.ts";
import { travel, wasThere } from "../facets/travel.ts";
import { isKnown, knownKeys } from "../habit.ts";
import { listWords } from "../in-words.ts";
import { isOwnCountryMobile } from "../own-device.ts";
import { learningOf, peersParameter } from "../parameters.ts";
import { hidesPlace, networkKey, networkName, spotOf } from "../place-of.ts";

const parameters = {
  ...learningOf(14, 5),
  ...peersParameter("A network"),
  anyDevice: {
    description:
      "Whether a new device is enough by itself. Otherwise it must also come over a network or from a place that is new for the user.",
    default: false,
  },
} as const;

export const newDevice: BehaviourDetector<typeof parameters> = {
  name: "new_device",
  title: "New device for a user",
  description:
    "A user logged in with a device that the user never used (by the application's device id, else by browser, operating system and kind), over a network or from a place that is new too. Updates of a browser are no new device. Not found by default: a new device at a usual place, which is how people get new devices, or over a mobile network in a usual country.",
  severity: "MEDIUM",
  tags: ["attack.initial-access", "attack.t1078"],
  falsepositives: [
    "A new device that is first used on a journey",
    "A private window on a journey, where ids do not last",
  ],
  learning:
    "14 days with activity on 5 of them, of each user. Until then nothing is found, and every device counts as the user's own; afterwards a device is new until it was used on three days, and is told of on the first of them, or when it comes back after a week.",
  parameters,
  facets: [devices, activity, networks, countries, travel, peerNetworks, known],
  concerns: (event) => isLogIn(event) && (event.device !== undefined || event.enrichment?.agent !== undefined),
  judge,
};

function judge(event: SecurityEvent, seen: Seen, asked: ParametersOf<typeof parameters>): Finding | undefined {
  const state = seen.facet(devices);
  if (!state || knowsDevice(seen.facet(known), event)) return undefined;
  const family = deviceFamily(event);
  if (familiarity(state, deviceId(event, seen), family, event.time) !== "NEW") return undefined;
  if (!hasLearned(seen.facet(activity), event.time, asked.learningDays, asked.learningActiveDays)) return undefined;
  const where = newPlace(event, seen, asked.peers) ?? (asked.anyDevice ? "" : undefined);
  if (where === undefined) return undefined;
  const usual = listWords(knownKeys(state.families));
  const instead = usual === "" ? "" : `; the user is known with ${usual}`;
  return { reason: `log-in with a device that the user never used: ${family ?? "its id is new"}${where}${instead}` };
}

function newPlace(event: SecurityEvent, seen: Seen, peers: number): string | undefined {
  const key = networkKey(event);
  const own = seen.facet(networks);
  if (isOwnCountryMobile(event, seen)) return undefined;
  const newNetwork = key !== undefined && own !== undefined && own.seen.length > 0 && !isKnown(own, key, event.time);
  if (newNetwork && !(peers > 0 && others(seen.facet(peerNetworks), key, event, seen.disguise) >= peers))
    return `, over ${networkName(event)}, which is new too`;
  const spot = spotOf(event);
  const state = seen.facet(travel);
  if (!spot || !state || state.places.length === 0 || hidesPlace(event)) return undefined;
  return wasThere(state, spot, event.time) ? undefined : `, from ${spot.name}, where the user never was`;
}
