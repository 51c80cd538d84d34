import type { SecurityEvent } from "../../../ingest/event.ts";
import type { BehaviourDetector, Finding, ParametersOf, Seen } from "../behaviour-detector.ts";
import { deedWords, isSuccess } from "../deeds.ts";
import { deviceId } from "../device-of.ts";
import { activity, hasLearned } from "../facets/activity.ts";
import { countries } from "../facets/countries.ts";
import { devices } from "../facets/devices.ts";
import { known, knowsCountry } from "../facets/known.ts";
import { others, peerCountries } from "../facets/peers.ts";
import { isKnown, knownKeys } from "../habit.ts";
import { listWords } from "../in-words.ts";
import { learningOf, peersParameter } from "../parameters.ts";
import { countryOf, placeName, placeOf } from "../place-of.ts";

const parameters = {
  ...learningOf(14, 5),
  ...peersParameter("A country"),
  trustKnownDevices: {
    description: "Whether a device whose id the user is known by may be taken to another country.",
    default: true,
  },
} as const;

export const newCountry: BehaviourDetector<typeof parameters> = {
  name: "new_country",
  title: "New country for a user",
  description:
    "A user succeeded from a country that the user was never seen in, or not for long. Not found: countries that several others of the organization work from, and a device with an id that the user is known by.",
  severity: "MEDIUM",
  tags: ["attack.initial-access", "attack.t1078"],
  falsepositives: ["Travel and holidays", "A private relay that comes out abroad"],
  learning:
    "14 days with activity on 5 of them, of each user. Until then nothing is found, and every country counts as the user's own; afterwards a country is new until the user was there on three days.",
  parameters,
  facets: [countries, activity, devices, peerCountries, known],
  concerns: (event) => isSuccess(event) && countryOf(event) !== undefined,
  judge,
};

function judge(event: SecurityEvent, seen: Seen, asked: ParametersOf<typeof parameters>): Finding | undefined {
  const country = countryOf(event);
  const state = seen.facet(countries);
  if (country === undefined || !state || state.seen.length === 0) return undefined;
  if (isKnown(state, country, event.time) || knowsCountry(seen.facet(known), country)) return undefined;
  if (!hasLearned(seen.facet(activity), event.time, asked.learningDays, asked.learningActiveDays)) return undefined;
  if (asked.trustKnownDevices && isOwnDevice(event, seen)) return undefined;
  const shared = others(seen.facet(peerCountries), country, event, seen.disguise);
  if (asked.peers > 0 && shared >= asked.peers) return undefined;
  const usual = listWords(knownKeys(state));
  const place = placeName(placeOf(event) ?? {});
  const from = usual === "" ? "the user is known from no country" : `the user is known from ${usual} only`;
  const byOthers = shared === 0 ? "no other user works from there" : `${shared} other user${shared > 1 ? "s" : ""} did`;
  return { reason: `${deedWords(event)} from ${place}: ${from}, and ${byOthers}` };
}

function isOwnDevice(event: SecurityEvent, seen: Seen): boolean {
  const id = deviceId(event, seen);
  const state = seen.facet(devices);
  return id !== undefined && state !== undefined && isKnown(state.ids, id, event.time);
}
