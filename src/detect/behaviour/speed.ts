/** Whether somebody can have been in both places. */
import { distanceKm, isSameSpot } from "./distance.ts";
import type { Spot } from "./place-of.ts";

/** From when to when somebody was in one place, by events no more than an hour apart; epoch ms. */
export interface Stay extends Spot {
  from: number;
  to: number;
  /** A mobile network: its gateway, not its user, is there; only the country says something. */
  mobile?: boolean | undefined;
  /** It began with a device that the user is known by. */
  own?: boolean;
}

export interface Limits {
  /** At least so far beyond both places' accuracy. */
  distanceKm: number;
  speedKmh: number;
  /** Stays further away in time say nothing. */
  lookBackMs: number;
}

export interface Leap {
  stay: Stay;
  /** The least distance that agrees with both accuracies. */
  km: number;
  /** Between the two, ms; negative: the stay came after. */
  after: number;
  /** Infinity: at the same time. */
  speedKmh: number;
}

const hourMs = 3_600_000;
const insideMs = hourMs / 2; // inside a stay an event of it is no further away than that
const gatewayKm = 300;

/** The stay nearest in time from which, or to which, the place cannot be reached at the speed. */
export function tooFast(stays: readonly Stay[], at: Stay, limits: Limits): Leap | undefined {
  let found: Leap | undefined;
  for (const stay of stays) {
    const leap = leapOf(stay, at);
    if (!leap || leap.km < limits.distanceKm || leap.speedKmh <= limits.speedKmh) continue;
    if (Math.abs(leap.after) > limits.lookBackMs) continue;
    if (!found || Math.abs(leap.after) < Math.abs(found.after)) found = leap;
  }
  return found;
}

function leapOf(stay: Stay, at: Stay): Leap | undefined {
  if (isSameSpot(stay, at)) return undefined;
  const mobile = stay.mobile === true || at.mobile === true;
  if (mobile && stay.country === at.country) return undefined;
  const unsure =
    Math.max(stay.radiusKm, stay.mobile ? gatewayKm : 0) + Math.max(at.radiusKm, at.mobile ? gatewayKm : 0);
  const km = distanceKm(stay, at) - unsure;
  if (km <= 0) return undefined;
  const after = at.from > stay.to ? at.from - stay.to : at.from < stay.from ? at.from - stay.from : 0;
  const inside = after === 0 && at.from > stay.from && at.from < stay.to;
  const hours = (inside ? insideMs : Math.abs(after)) / hourMs;
  return { stay, km, after, speedKmh: km / hours };
}
