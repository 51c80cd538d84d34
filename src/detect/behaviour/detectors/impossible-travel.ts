import type { SecurityEvent } from "../../../ingest/event.ts";
import type { BehaviourDetector, Finding, ParametersOf, Seen } from "../behaviour-detector.ts";
import { deedWords, isSuccess } from "../deeds.ts";
import { type Activity, activity } from "../facets/activity.ts";
import { devices } from "../facets/devices.ts";
import { known, knowsCountry, knowsNetwork, knowsPlace } from "../facets/known.ts";
import { networks } from "../facets/networks.ts";
import { isHabitual, travel } from "../facets/travel.ts";
import { dayMs, isKnown } from "../habit.ts";
import { kmWords, spanWords } from "../in-words.ts";
import { isOwnDevice, isOwnNetwork } from "../own-device.ts";
import { trustParameter } from "../parameters.ts";
import { hidesPlace, networkKey, networkOf, type Spot, spotOf } from "../place-of.ts";
import { type Leap, tooFast } from "../speed.ts";

const parameters = {
  maxSpeedKmh: { description: "Faster than this nobody travels, km/h.", default: 900, min: 100, max: 10_000 },
  minDistanceKm: {
    description: "Nearer than this, beyond what both places are uncertain by, is no travel, km.",
    default: 100,
    min: 1,
    max: 10_000,
  },
  lookBackHours: { description: "How far apart in time two places are compared, hours.", default: 24, min: 1, max: 24 },
  learningDays: {
    description: "A user is judged after so many days, or after learningLogins, whichever comes first.",
    default: 14,
    min: 0,
    max: 90,
  },
  learningLogins: {
    description: "A user is judged after so many log-ins, or after learningDays, whichever comes first.",
    default: 10,
    min: 0,
    max: 1_000,
  },
  firstDaysKm: {
    description:
      "Within a country, what is nearer than this beyond both places' accuracy only adds to the score of a user known for less than learningDays, km: data of places is often that far off, and where the user usually is is not known yet.",
    default: 500,
    min: 0,
    max: 10_000,
  },
  ...trustParameter("come out elsewhere in the same country at once, as it does when a line fails over"),
} as const;

export const impossibleTravel: BehaviourDetector<typeof parameters> = {
  name: "impossible_travel",
  title: "Impossible travel",
  description:
    "A user succeeded in two places between which nobody can travel in the time. Not found: leaps to or from hosting, VPN and relay networks, whose place says nothing of the person; mobile networks within one country; leaps within a country by a device whose id the user is known by; leaps between two places that the user goes between anyway; what a person confirmed.",
  severity: "HIGH",
  tags: ["attack.initial-access", "attack.t1078"],
  falsepositives: [
    "A relay or a company's exit that the network data does not know as one",
    "An address that the place data has in the wrong city",
    "Two people who share an account",
  ],
  learning:
    "14 days or 10 log-ins of the user, whichever comes first. Until then nothing is found; places count in full, so that those the user goes between are known. A user of many log-ins is judged before the 14 days have passed: until then a leap of less than 500 km within a country opens no incident by itself, but adds to the threat score.",
  parameters,
  facets: [travel, activity, devices, networks, known],
  concerns: (event) => isSuccess(event) && !hidesPlace(event) && spotOf(event) !== undefined,
  judge,
};

function judge(event: SecurityEvent, seen: Seen, asked: ParametersOf<typeof parameters>): Finding | undefined {
  const spot = spotOf(event);
  const state = seen.facet(travel);
  if (!spot || !state || !learned(seen.facet(activity), event.time, asked)) return undefined;
  const mobile = networkOf(event)?.kind === "MOBILE";
  const { lat, lon, radiusKm, name, country } = spot;
  const here = { lat, lon, radiusKm, name, country, from: event.time, to: event.time, mobile };
  const lookBackMs = asked.lookBackHours * 3_600_000;
  const leap = tooFast(state.stays, here, {
    distanceKm: asked.minDistanceKm,
    speedKmh: asked.maxSpeedKmh,
    lookBackMs,
  });
  if (!leap || isOwn(event, spot, seen)) return undefined;
  // The office's second line, another gateway of the provider: the device is the same, only its way out is another.
  const inCountry = spot.country !== undefined && spot.country === leap.stay.country;
  if (asked.trustKnownDevices && inCountry && isOwnDevice(event, seen)) return undefined;
  // The same the other way round: the own device came out elsewhere, and now somebody is where the user usually is.
  const isBack = isHabitual(state, spot, event.time) && isOwnNetwork(event, seen);
  if (asked.trustKnownDevices && inCountry && leap.stay.own && isBack) return undefined;
  // Home and a relay that no data knows, or two places used in turn.
  if (isHabitual(state, spot, event.time) && isHabitual(state, leap.stay, event.time)) return undefined;
  const weak = inCountry && leap.km < asked.firstDaysKm && !isKnownLong(seen.facet(activity), event.time, asked);
  return { reason: reasonOf(event, spot, leap), weak };
}

function learned(state: Activity | undefined, time: number, asked: ParametersOf<typeof parameters>): boolean {
  if (!state || state.days === 0) return false;
  return state.logIns >= asked.learningLogins || isKnownLong(state, time, asked);
}

function isKnownLong(state: Activity | undefined, time: number, asked: ParametersOf<typeof parameters>): boolean {
  return state !== undefined && time - state.first >= asked.learningDays * dayMs;
}

/** Confirmed by a person; or the user's own phone abroad, which comes out at home, or its carrier's network abroad. */
function isOwn(event: SecurityEvent, spot: Spot, seen: Seen): boolean {
  const confirmed = seen.facet(known);
  const network = networkKey(event);
  if (knowsPlace(confirmed, spot)) return true;
  if (knowsNetwork(confirmed, network) && (spot.country === undefined || knowsCountry(confirmed, spot.country)))
    return true;
  if (networkOf(event)?.kind !== "MOBILE" || network === undefined) return false;
  const own = seen.facet(networks);
  return own !== undefined && isKnown(own, network, event.time);
}

function reasonOf(event: SecurityEvent, spot: Spot, { stay, km, after, speedKmh }: Leap): string {
  const gap = spanWords(Math.abs(after));
  const when = after === 0 ? "at the same time" : after > 0 ? `${gap} before` : `${gap} after`;
  const speed = Number.isFinite(speedKmh)
    ? `nobody travels at ${Math.round(speedKmh).toLocaleString("en-US")} km/h`
    : "nobody is in two places";
  return `${deedWords(event)} from ${spot.name}, at least ${kmWords(km)} from ${stay.name}, where the user was ${when}: ${speed}`;
}
