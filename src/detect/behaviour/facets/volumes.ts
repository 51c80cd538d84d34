/** How often a user does each thing, in an hour and in a day. */
import type { SecurityEvent } from "../../../ingest/event.ts";
import { isDeliberate, userOf } from "../deeds.ts";
import type { Facet } from "../facet.ts";
import { localTime } from "../local-day.ts";
import { ofEvent } from "../of-event.ts";
import { isProgramsRole } from "../program.ts";
import { usualOf } from "../usual.ts";

export interface Volume {
  action: string;
  /** Of the running hour, hours since 1970 by the organization's clock. */
  hour: number;
  inHour: number;
  /** Of days on which it was done, the latest last: in the busiest hour, and in all. */
  days: [day: number, hour: number, whole: number][];
}

const mostActions = 10;
const mostToday = 10; // more, while they are done on the running day
const daysKept = 24;
const forgottenDays = 60;
const longest = 40; // characters

export function isCounted(event: SecurityEvent): boolean {
  return isDeliberate(event) && userOf(event) !== undefined && !isProgramsRole(event);
}

/** Whether a parameter's list names the action: whole, or as long as profiles keep it and tell it. */
export function isListed(event: SecurityEvent, actions: readonly string[]): boolean {
  const names = [event.action.toLowerCase(), actionKey(event)];
  return actions.some((each) => names.includes(each.toLowerCase()));
}

export const actionKey = ofEvent((event): string => event.action.toLowerCase().slice(0, longest));

export const volumes: Facet<Volume[]> = {
  name: "volumes",
  of: "USER",
  concerns: isCounted,
  empty: () => [],
  learn(state, event, { timeZone }) {
    const action = actionKey(event);
    const { day, hour } = localTime(event.time, timeZone);
    const volume = state.find((each) => each.action === action) ?? added(state, action, day);
    if (hour < volume.hour - 24) return; // a log that comes late teaches nothing of today
    if (hour > volume.hour) {
      volume.hour = hour;
      volume.inHour = 0;
    }
    volume.inHour++;
    let today = volume.days.at(-1);
    if (!today || today[0] < day) {
      today = [day, 0, 0];
      volume.days.push(today);
      if (volume.days.length > daysKept) volume.days.shift();
    }
    today[1] = Math.max(today[1], volume.inHour);
    today[2]++;
  },
  tell(state) {
    const often = state.filter(({ days }) => days.length >= 5);
    if (often.length === 0) return undefined;
    const told = often.map(({ action, days }) => [action, usualOf(days.map(([, , whole]) => whole)).median] as const);
    told.sort((one, other) => other[1] - one[1] || (one[0] < other[0] ? -1 : 1));
    return told
      .slice(0, 4)
      .map(([action, median]) => `${action} ${Math.round(median)} times a day`)
      .join(", ");
  },
};

/**
 * Room is made by forgetting what was done on the fewest days, first of all what was not done for 60 days. But what is
 * done today is counted, too, or two new actions in turns would make each other forgotten.
 */
function added(state: Volume[], action: string, day: number): Volume {
  if (state.length >= mostActions) {
    const worth = ({ days }: Volume): number => {
      const last = days.at(-1)?.[0] ?? 0;
      return day - last > forgottenDays ? last : days.length * 1_000_000 + last;
    };
    const today = ({ days }: Volume): number => ((days.at(-1)?.[0] ?? 0) >= day ? (days.at(-1)?.[2] ?? 0) : 0);
    const byWorth = [...state].sort((one, other) => worth(other) - worth(one));
    const others = byWorth.splice(mostActions).filter((each) => today(each) > 0);
    others.sort((one, other) => today(other) - today(one)).splice(mostToday - 1);
    state.splice(0, state.length, ...byWorth, ...others);
  }
  const volume: Volume = { action, hour: 0, inHour: 0, days: [] };
  state.push(volume);
  return volume;
}
