import type { SecurityEvent } from "../../../ingest/event.ts";
import type { BehaviourDetector, Finding, ParametersOf, Seen } from "../behaviour-detector.ts";
import { activity, hasLearned } from "../facets/activity.ts";
import { actionKey, isCounted, isListed, type Volume, volumes } from "../facets/volumes.ts";
import { localTime } from "../local-day.ts";
import { learningOf, unusualFrom } from "../parameters.ts";
import { type DayCount, idleDays, type Usual, unusualFor } from "../usual.ts";

const parameters = {
  ...learningOf(14, 7),
  hourCount: { description: "Less often in an hour is never too often.", default: 60, min: 5, max: 100_000 },
  dayCount: { description: "Less often in a day is never too often.", default: 150, min: 10, max: 1_000_000 },
  ...unusualFrom(),
  ignoredActions: { description: "Actions that are not counted.", default: [] as readonly string[] },
} as const;

export const unusualVolume: BehaviourDetector<typeof parameters> = {
  name: "unusual_volume",
  title: "Unusual volume of an action",
  description:
    "A user does one thing far more often, in an hour or in a day, than on such days before: compared with the same weekday where three of those are known, with the turns of months, and with the most there was. Not found: what an open page or a timer does, what failed, accounts whose role says that a program uses them; more than ten actions of one day that the user seldom does are not told apart.",
  severity: "MEDIUM",
  tags: ["attack.collection", "attack.impact", "attack.t1119", "attack.t1485"],
  falsepositives: [
    "A bulk change done by hand",
    "An application that sends an event for each row of a list since its last release",
  ],
  learning:
    "14 days with activity on 7 of them, of each user. Until then nothing is found; what is done meanwhile counts in full as usual. An action that is new to a user who is known counts as never done on the days before.",
  parameters,
  facets: [volumes, activity],
  concerns: isCounted,
  judge,
};

const zeroDays = 20;

function judge(event: SecurityEvent, seen: Seen, asked: ParametersOf<typeof parameters>): Finding | undefined {
  const action = actionKey(event);
  const volume = seen.facet(volumes)?.find((each) => each.action === action);
  if (!volume) return undefined; // the first time is not often
  const { day, hour } = localTime(event.time, seen.timeZone);
  const today = volume.days.at(-1);
  const inHour = (volume.hour === hour ? volume.inHour : 0) + 1;
  const inDay = (today?.[0] === day ? today[2] : 0) + 1;
  if (inHour < asked.hourCount && inDay < asked.dayCount) return undefined;
  const known = seen.facet(activity);
  if (!hasLearned(known, event.time, asked.learningDays, asked.learningActiveDays)) return undefined;
  if (isListed(event, asked.ignoredActions)) return undefined;
  const without = Math.min(zeroDays, known?.days ?? 0) - volume.days.length;
  const limits = { times: asked.times, spreads: asked.spreads };
  const byHour = unusualFor(inHour, countsOf(volume, 1, day, without), day, { ...limits, least: asked.hourCount });
  if (byHour) return found(event, inHour, "within an hour", byHour);
  const byDay = unusualFor(inDay, countsOf(volume, 2, day, without), day, { ...limits, least: asked.dayCount });
  return byDay && found(event, inDay, "in a day", byDay);
}

/** With the days on which the user was active and did not do it, where it is not done on most days. */
function countsOf({ days }: Volume, index: 1 | 2, day: number, without: number): DayCount[] {
  return [...days.map((each): DayCount => [each[0], each[index]]), ...idleDays(day, without)];
}

function found(event: SecurityEvent, count: number, span: string, { median, most }: Usual): Finding {
  const usual = most === 0 ? "never before" : `usually at most ${most} (median of such days ${Math.round(median)})`;
  return { reason: `${event.action.slice(0, 60)} ${count} times ${span}; ${usual}` };
}
