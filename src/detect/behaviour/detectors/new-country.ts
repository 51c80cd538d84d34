import type { SecurityEvent } from "../../../ingest/event.ts";
import type { BehaviourDetector, Finding, ParametersOf, Seen } from "../behaviour-detector.ts";
import { deedWords, isSuccess } from "../deeds.ts";
import { activity, hasLearned } from "../facets/activity.ts";
import { countries } from "../facets/countries.ts";
import { devices } from "../facets/devices.ts";
import { known, knowsCountry } from "../facets/known.ts";
import { others, peerCountries, portalCountries } from "../facets/peers.ts";
import { isNews, knownKeys } from "../habit.ts";
import { listWords } from "../in-words.ts";
import { isOwnDevice } from "../own-device.ts";
import { aloneParameter, learningOf, peersParameter, trustParameter } from "../parameters.ts";
import { countryOf, hidesPlace, placeName, placeOf } from "../place-of.ts";
import { isProgram } from "../program.ts";

const parameters = {
  ...learningOf(14, 5),
  ...peersParameter("A country"),
  ...trustParameter("be taken to another country"),
  ...aloneParameter(),
} as const;

export const newCountry: BehaviourDetector<typeof parameters> = {
  name: "new_country",
  title: "New country for a user",
  description:
    "A user succeeded from a country that the user was never seen in, or not for long. Not found: countries that several others of the organization work from, and a device with an id that the user is known by. Over a VPN or hosting network, whose country is not the person's, it is weak: new_network tells of those.",
  severity: "MEDIUM",
  tags: ["attack.initial-access", "attack.t1078"],
  falsepositives: ["Travel and holidays", "A private relay that comes out abroad"],
  learning:
    "14 days with activity on 5 of them, of each user. Until then nothing is found, and every country counts as the user's own; afterwards a country is new until the user was there on three days, and is told of on the first of them, or when it comes back after a week.",
  parameters,
  facets: [countries, activity, devices, peerCountries, portalCountries, known],
  concerns: (event) => isSuccess(event) && countryOf(event) !== undefined,
  judge,
};

function judge(event: SecurityEvent, seen: Seen, asked: ParametersOf<typeof parameters>): Finding | undefined {
  const country = countryOf(event);
  const state = seen.facet(countries);
  if (country === undefined || !state || state.seen.length === 0) return undefined;
  if (!isNews(state, country, event.time) || knowsCountry(seen.facet(known), country)) return undefined;
  if (!hasLearned(seen.facet(activity), event.time, asked.learningDays, asked.learningActiveDays)) return undefined;
  if (asked.trustKnownDevices && isOwnDevice(event, seen)) return undefined;
  const shared = others(peerCountries, country, event, seen);
  if (asked.peers > 0 && shared >= asked.peers) return undefined;
  const usual = listWords(knownKeys(state));
  const place = placeName(placeOf(event) ?? {});
  const from = usual === "" ? "the user is known from no country" : `the user is known from ${usual} only`;
  const byOthers = shared === 0 ? "no other user works from there" : `${shared} other user${shared > 1 ? "s" : ""} did`;
  // The exit of a VPN says where the VPN is; of a VPN or hosting network that is new to the user, new_network tells.
  const weak = hidesPlace(event) && !isProgram(event) && !asked.alone;
  return { reason: `${deedWords(event)} from ${place}: ${from}, and ${byOthers}`, weak };
}
