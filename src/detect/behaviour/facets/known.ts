/**
 * What a person has confirmed of a user by resolving an incident: this country, network, device, place and hour are the
 * user's own. No event teaches it. What was confirmed twice stays until it was taken back twice, except where there are more
 * than sixteen of a kind: then what is said again goes first, and one taking back is enough.
 */
import type { SecurityEvent } from "../../../ingest/event.ts";
import { truncate } from "../../../ingest/text.ts";
import { deviceFamily } from "../device-of.ts";
import { distanceKm, type Point } from "../distance.ts";
import type { Facet } from "../facet.ts";
import { listWords } from "../in-words.ts";
import { hourOfWeek } from "../local-time.ts";
import { countryOf, networkKey, type Spot, spotOf } from "../place-of.ts";

export interface Known {
  countries: string[];
  networks: string[];
  /** Families, or ids as they were sent. */
  devices: string[];
  /** Event times, epoch ms: which hour of the week one is depends on the organization's time zone. */
  hours: number[];
  places: Point[];
}

const most = 16; // of a kind; what is said again goes first, then the oldest
const longest = 64; // characters of a device's id

export const known: Facet<Known> = {
  name: "known",
  of: "USER",
  byPeople: true,
  concerns: () => false,
  empty: () => ({ countries: [], networks: [], devices: [], hours: [], places: [] }),
  learn() {},
  tell(state) {
    const told = [...new Set([...state.countries, ...state.networks, ...state.devices])];
    return told.length === 0 && state.hours.length === 0
      ? undefined
      : `confirmed by a person: ${listWords(told) || "hours"}`;
  },
};

/** In place: what the event shows is the user's own. */
export function confirm(state: Known, event: SecurityEvent): void {
  const shown = shownBy(event);
  for (const kind of kinds) (state[kind] as unknown[]) = fitted([...state[kind], ...shown[kind]]);
}

/** An incident of many events says the same of each: that makes nothing forgotten that was confirmed before. */
function fitted(list: unknown[]): unknown[] {
  while (list.length > most) {
    const said = list.map((each) => (typeof each === "number" ? hourInWeek(each) : JSON.stringify(each)));
    const again = said.findIndex((each, at) => said.includes(each, at + 1));
    list.splice(Math.max(0, again), 1);
  }
  return list;
}

function hourInWeek(time: number): number {
  return Math.floor(time / 3_600_000) % 168;
}

/** In place: takes back what `confirm` of the same event said. */
export function forget(state: Known, event: SecurityEvent): void {
  const shown = shownBy(event);
  for (const kind of kinds) {
    const list: unknown[] = state[kind];
    for (const gone of shown[kind]) {
      const at = list.findLastIndex((each) => JSON.stringify(each) === JSON.stringify(gone));
      if (at >= 0) list.splice(at, 1);
    }
  }
}

const kinds = ["countries", "networks", "devices", "hours", "places"] as const;

function shownBy(event: SecurityEvent): Known {
  const spot = spotOf(event);
  const place = spot ? { lat: tenth(spot.lat), lon: tenth(spot.lon) } : undefined;
  const family = deviceFamily(event);
  const id = event.device === undefined ? undefined : truncate(event.device, longest);
  return {
    countries: listed(countryOf(event)),
    networks: listed(networkKey(event)),
    devices: [...listed(id), ...listed(family)],
    hours: [event.time],
    places: listed(place),
  };
}

function listed<Value>(value: Value | undefined): Value[] {
  return value === undefined ? [] : [value];
}

function tenth(degrees: number): number {
  return Math.round(degrees * 10) / 10;
}

const samePlaceKm = 100;

export function knowsCountry(state: Known | undefined, country: string): boolean {
  return state?.countries.includes(country) === true;
}

export function knowsNetwork(state: Known | undefined, network: string | undefined): boolean {
  return network !== undefined && state?.networks.includes(network) === true;
}

export function knowsDevice(state: Known | undefined, event: SecurityEvent): boolean {
  if (!state || state.devices.length === 0) return false;
  const family = deviceFamily(event);
  if (event.device !== undefined && state.devices.includes(truncate(event.device, longest))) return true;
  return event.device === undefined && family !== undefined && state.devices.includes(family);
}

export function knowsPlace(state: Known | undefined, spot: Spot): boolean {
  return state?.places.some((place) => distanceKm(place, spot) <= samePlaceKm + spot.radiusKm) === true;
}

const nearHours = 1;

/** Whether the hour of the week, or the one before or after it, was confirmed. */
export function knowsHour(state: Known | undefined, time: number, timeZone: string): boolean {
  const hour = hourOfWeek(time, timeZone);
  return (
    state?.hours.some((confirmed) => {
      const away = Math.abs(hourOfWeek(confirmed, timeZone) - hour);
      return Math.min(away, 168 - away) <= nearHours;
    }) === true
  );
}
