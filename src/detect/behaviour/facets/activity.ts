/** Since when an account is known, how often it was active, and when last. */
import { isLogIn, isUse } from "../deeds.ts";
import type { Facet } from "../facet.ts";
import { dayMs, dayOf } from "../habit.ts";

export interface Activity {
  /** Event times, epoch ms; 0: none yet. */
  first: number;
  last: number;
  /** The day on which that arrived, where it arrived days late: until then nobody told what the account did. */
  heard?: number;
  /** Days with activity, and log-ins; both are counted no further than is asked for anywhere. */
  days: number;
  logIns: number;
}

const enough = 1_000;
const lateMs = 2 * dayMs;

/**
 * Only what succeeded counts: an attacker's failed attempts are no activity of the account. `dormant_account` judges all
 * that counts, or there would be a way to wake an account unseen.
 */
export const activity: Facet<Activity> = {
  name: "activity",
  of: "USER",
  concerns: isUse,
  empty: () => ({ first: 0, last: 0, days: 0, logIns: 0 }),
  learn(state, event) {
    const { time } = event;
    if (state.days === 0 || dayOf(time) > dayOf(state.last)) state.days = Math.min(enough, state.days + 1);
    state.first = state.first === 0 ? time : Math.min(state.first, time);
    if (time > state.last) {
      state.last = time;
      if (event.receivedAt - time > lateMs) state.heard = dayOf(event.receivedAt);
      else delete state.heard;
    }
    if (isLogIn(event)) state.logIns = Math.min(enough, state.logIns + 1);
  },
  tell({ first, last, days }) {
    if (days === 0) return undefined;
    const often = days >= enough ? `more than ${enough}` : `${days}`;
    return `seen since ${dateWords(first)}, on ${often} day${days === 1 ? "" : "s"}, last on ${dateWords(last)}`;
  },
};

function dateWords(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}

/** Whether the account has been known for so many days and was active on so many of them. */
export function hasLearned(state: Activity | undefined, time: number, days: number, activeDays: number): boolean {
  if (!state || state.days === 0) return false;
  return time - state.first >= days * dayMs && state.days >= activeDays;
}
