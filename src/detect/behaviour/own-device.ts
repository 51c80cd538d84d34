import type { SecurityEvent } from "../../ingest/event.ts";
import type { Seen } from "./behaviour-detector.ts";
import { deviceId } from "./device-of.ts";
import { countries } from "./facets/countries.ts";
import { devices, stableIds } from "./facets/devices.ts";
import { networks } from "./facets/networks.ts";
import { isKnown } from "./habit.ts";
import { countryOf, networkKey, networkOf } from "./place-of.ts";

/** Whether the event comes from a device that the user is known by, by an id that lasts: a family of browsers proves little. */
export function isOwnDevice(event: SecurityEvent, seen: Seen): boolean {
  const id = deviceId(event, seen);
  const state = seen.facet(devices);
  return id !== undefined && state !== undefined && stableIds(state) && isKnown(state.ids, id, event.time);
}

/** Whether it comes over a network that the user is known on. */
export function isOwnNetwork(event: SecurityEvent, seen: Seen): boolean {
  const key = networkKey(event);
  const state = seen.facet(networks);
  return key !== undefined && state !== undefined && isKnown(state, key, event.time);
}

/** A carrier is known by its country only: its gateways are anywhere in it, and people change carriers. */
export function isOwnCountryMobile(event: SecurityEvent, seen: Seen): boolean {
  const country = countryOf(event);
  const own = seen.facet(countries);
  if (networkOf(event)?.kind !== "MOBILE" || country === undefined || !own) return false;
  return isKnown(own, country, event.time);
}
