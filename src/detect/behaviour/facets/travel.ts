/** Where the user was in the last day, and between which places the user goes anyway. */

import { isSuccess } from "../deeds.ts";
import { distanceKm, isSameSpot } from "../distance.ts";
import type { Facet } from "../facet.ts";
import { dayMs, dayOf, faded, rounded } from "../habit.ts";
import { listWords } from "../in-words.ts";
import { isOwnDevice } from "../own-device.ts";
import { hidesPlace, networkOf, type Spot, spotOf } from "../place-of.ts";
import { type Limits, type Stay, tooFast } from "../speed.ts";

export interface HabitualPlace extends Spot {
  /** Days there, halved in time. */
  weight: number;
  day: number;
}

export interface Travel {
  /** The day it began, days since the epoch; 0: not begun. */
  since: number;
  /** By their beginning. */
  stays: Stay[];
  places: HabitualPlace[];
}

const mostStays = 10;
const mostPlaces = 10;
const samePlaceKm = 50;
const oneStayMs = 3_600_000; // at most so long from one event to the next
const lookBackMs = dayMs;
const learningDays = 14;
const surprisingWeight = 0.2; // a place that could not be reached is not normal before it was on two weeks' days
const mostWeight = 16;
export const habitualWeight = 2; // three days
/** What cannot be travelled, for learning. A rule's own limits say what is found. */
const limits: Limits = { distanceKm: 100, speedKmh: 900, lookBackMs };

export const travel: Facet<Travel> = {
  name: "travel",
  of: "USER",
  concerns: (event) => isSuccess(event) && !hidesPlace(event) && spotOf(event) !== undefined,
  empty: () => ({ since: 0, stays: [], places: [] }),
  learn(state, event, seen) {
    const spot = spotOf(event);
    if (!spot) return;
    const day = dayOf(event.time);
    state.since = state.since === 0 ? day : Math.min(state.since, day);
    const { stays } = state;
    const mobile = networkOf(event)?.kind === "MOBILE";
    const stay = stayAt(spot, event.time, mobile);
    const reachable = tooFast(stays, stay, limits) === undefined;
    // What could not be reached is no place to measure from: the next event of the user at home would be found too.
    if (reachable) note(stays, stay, () => isOwnDevice(event, seen));
    dwell(state, stay, day, reachable || day - state.since < learningDays ? 1 : surprisingWeight);
  },
  tell({ places }) {
    const usual = places
      .filter(({ weight }) => weight >= habitualWeight)
      .sort((one, other) => other.weight - one.weight);
    return usual.length === 0 ? undefined : `from ${listWords([...new Set(usual.map(({ name }) => name))])}`;
  },
};

/** As it is kept; what is undefined is not, as JSON. */
function stayAt({ lat, lon, radiusKm, name, country }: Spot, time: number, mobile: boolean): Stay {
  return {
    lat: rounded(lat),
    lon: rounded(lon),
    radiusKm: Math.round(radiusKm),
    name,
    country: country || undefined,
    from: time,
    to: time,
    mobile: mobile || undefined,
  };
}

/** In place: the stay joins the one it continues, or stands in its turn; what is a day older than the newest goes. */
function note(stays: Stay[], stay: Stay, isOwn: () => boolean): void {
  const before = stays.findLast(({ from }) => from <= stay.from);
  const same =
    before && !before.mobile === !stay.mobile && (isSameSpot(before, stay) || distanceKm(before, stay) < samePlaceKm);
  if (same && stay.to - before.to <= oneStayMs) before.to = Math.max(before.to, stay.to);
  else stays.splice(before ? stays.indexOf(before) + 1 : 0, 0, isOwn() ? { ...stay, own: true } : stay);
  let newest = stay.to;
  for (const { to } of stays) newest = Math.max(newest, to);
  while (stays.length > mostStays || (stays[0] && newest - stays[0].to > lookBackMs)) stays.shift();
}

function dwell({ places }: Travel, spot: Spot, day: number, worth: number): void {
  const there = places.find((place) => isSameSpot(place, spot) || distanceKm(place, spot) < samePlaceKm);
  if (there && day <= there.day) return;
  if (there) {
    there.weight = rounded(Math.min(mostWeight, faded(there.weight, day - there.day) + worth));
    there.day = day;
    return;
  }
  if (places.length >= mostPlaces) {
    const weights = places.map((place) => faded(place.weight, day - place.day));
    const least = Math.min(...weights);
    if (least > worth) return;
    places.splice(weights.indexOf(least), 1);
  }
  const { lat, lon, radiusKm, name, country } = spot;
  places.push({ lat, lon, radiusKm, name, ...(country ? { country } : {}), weight: worth, day });
}

/** Whether the user is often there. */
export function isHabitual({ places }: Travel, spot: Spot, time: number): boolean {
  return placeWeight(places, spot, time) >= habitualWeight;
}

/** Whether the user was there before, near enough for the places' accuracy. */
export function wasThere({ places }: Travel, spot: Spot, time: number): boolean {
  return placeWeight(places, spot, time) >= 0.5;
}

const nearKm = 100;
const mostUnsureKm = 300; // a position that is known no better than this is near no place in particular

function placeWeight(places: readonly HabitualPlace[], spot: Spot, time: number): number {
  const near = places.filter(
    (place) => distanceKm(place, spot) <= nearKm + Math.min(mostUnsureKm, place.radiusKm + spot.radiusKm),
  );
  return Math.max(0, ...near.map(({ weight, day }) => faded(weight, dayOf(time) - day)));
}
