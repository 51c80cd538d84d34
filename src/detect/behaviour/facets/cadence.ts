/** How many events a log source sends in each hour of the week, and in which hours there always are some. */
import type { SecurityEvent } from "../../../ingest/event.ts";
import type { Facet } from "../facet.ts";
import { localTime } from "../local-day.ts";
import { monitorSource } from "../log-source.ts";

export interface Cadence {
  /** Hours since 1970 by the organization's clock: the first, and the running one; 0: none yet. */
  since: number;
  hour: number;
  /** The organization's clock before UTC, hours. */
  ahead: number;
  /** Event time of the latest, epoch ms. */
  last: number;
  /** How late events usually come, ms: the most that more than a few do, which fades by a tenth a day. */
  lag: number;
  /** Events of the running hour and of the hour before. */
  count: number;
  before: number;
  /** By hour of the week, Monday 00:00 first: the mean count, and the share of weeks with any. */
  rates: number[];
  presence: number[];
}

const week = 168;
const hourMs = 3_600_000;
const mostLag = 24 * hourMs;
const lagKept = 0.9 ** (1 / 24); // an hour
const newest = 0.2; // weight of the latest week
const outlier = 4; // times the mean, that a busy hour may teach
const longestPause = 21 * 24; // hours; a source that was silent for longer begins anew

export function emptyCadence(): Cadence {
  return { since: 0, hour: 0, ahead: 0, last: 0, lag: 0, count: 0, before: 0, rates: [], presence: [] };
}

/** What Vigil says of log sources is no log source. */
export function isSourced({ logsource }: SecurityEvent): boolean {
  return logsource.product !== monitorSource.product;
}

export const cadence: Facet<Cadence> = {
  name: "cadence",
  of: "SERVICE",
  concerns: isSourced,
  empty: emptyCadence,
  learn(state, event, { timeZone }) {
    const { hour } = localTime(event.time, timeZone);
    if (state.since === 0 || hour - state.hour > longestPause) {
      Object.assign(state, emptyCadence(), { since: hour, hour });
      state.rates = new Array<number>(week).fill(0);
      state.presence = new Array<number>(week).fill(0);
    }
    // By half an hour an event, or less of a busy source: one that came a day late buys it no day of silence.
    const late = Math.min(mostLag, event.receivedAt - event.time) - state.lag;
    const step = hourMs / (2 + (state.rates[slotOf(state.hour)] ?? 0) / 50);
    if (late > 0) state.lag += Math.min(late, Math.round(step));
    state.last = Math.max(state.last, event.time);
    if (hour < state.hour) return; // it came late: its hour is closed
    state.ahead = hour - Math.floor(event.time / hourMs);
    while (state.hour < hour) closeHour(state);
    state.count++;
  },
  tell(state) {
    const present = state.presence.filter((share) => share >= steady).length;
    if (weeksOf(state) < 1 || present === 0) return undefined;
    const perHour = state.rates.reduce((sum, rate) => sum + rate, 0) / week;
    const when = present >= week * 0.9 ? "around the clock" : `in ${present} of the 168 hours of a week`;
    return `sends ${Math.round(perHour * 24)} events a day on average, ${when}`;
  },
};

/** In so many of its weeks an hour has events, where their absence says something. */
export const steady = 0.7;

export function slotOf(hour: number): number {
  return (((hour + 72) % week) + week) % week; // 1970-01-01 was a Thursday
}

export function weeksOf({ since, hour }: Cadence): number {
  return (hour - since) / week;
}

function closeHour(state: Cadence): void {
  const slot = slotOf(state.hour);
  const weeks = Math.floor(weeksOf(state));
  const weight = Math.max(newest, 1 / (weeks + 1));
  const rate = state.rates[slot] ?? 0;
  const count = weeks < 2 ? state.count : Math.min(state.count, outlier * rate + 10);
  state.rates[slot] = rounded(rate + weight * (count - rate), 1);
  const present = state.presence[slot] ?? 0;
  state.presence[slot] = rounded(present + weight * ((state.count > 0 ? 1 : 0) - present), 2);
  state.lag = Math.round(state.lag * lagKept);
  state.before = state.count;
  state.count = 0;
  state.hour++;
}

function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
