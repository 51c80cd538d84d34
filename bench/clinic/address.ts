/** Which address somebody has at a time. */
import { type Chance, chanceOf } from "./chance.ts";
import type { Metro, Place } from "./places.ts";

/** An address and where it lies. */
export interface Spot {
  ip: string;
  place: Place;
}

/** Some address of a place. */
export function somewhere(chance: Chance, place: Place): Spot {
  return { ip: `${chance.pick(place.blocks)}.${chance.whole(2, 253)}`, place };
}

/** The clinic's own address; on the day its line fails, that of the spare line. */
export function officeSpot(metro: Metro, failed: boolean): Spot {
  const place = failed ? metro.spare : metro.office;
  return { ip: `${place.blocks[0]}.18`, place };
}

export interface HomeLine {
  place: Place;
  /** Days for which the provider lets an address. */
  lease: number;
  phase: number;
  owner: string;
}

export function makeHomeLine(seed: number, metro: Metro, owner: string): HomeLine {
  const chance = chanceOf(seed, "home line", owner);
  const lease = chance.pick([4, 9, 21, 45, 120]);
  return { place: chance.pick(metro.homes), lease, phase: chance.whole(0, lease), owner };
}

export function homeSpot(seed: number, line: HomeLine, day: number): Spot {
  const chance = chanceOf(seed, "home", line.owner, Math.floor((day + line.phase) / line.lease));
  return somewhere(chance, line.place);
}

/**
 * A mobile network gives another address every half hour or so, mostly of its usual gateway, now and then of one in another
 * city, seldom of one in another state.
 */
export function mobileSpot(seed: number, metro: Metro, carrier: number, owner: string, time: number): Spot {
  const chance = chanceOf(seed, "mobile", owner, Math.floor(time / 1_800_000));
  const gateways = metro.mobile[carrier % metro.mobile.length] as readonly Place[];
  const [usual, other, far] = gateways;
  const gateway = chance.weighted([
    [usual, 82],
    [other, 15],
    [far, 3],
  ] as const);
  return somewhere(chance, (gateway ?? usual) as Place);
}
