import type { SecurityEvent } from "../../../ingest/event.ts";
import type { BehaviourDetector, Finding, ParametersOf, Seen } from "../behaviour-detector.ts";
import { care } from "../facets/care.ts";
import { concernsCare, foreignIn, foreignPatients, mostToday } from "../facets/foreign-patients.ts";
import { localTime } from "../local-day.ts";
import { findKey, keyLength } from "../short-key.ts";
import { unusualFor } from "../usual.ts";

const parameters = {
  patients: {
    description: "Fewer patients in a day who are not the user's are never too many.",
    default: 10,
    min: 2,
    max: mostToday,
  },
  times: { description: "So many times the most that is usual for the user.", default: 2, min: 1.1, max: 20 },
  spreads: {
    description: "So many standard deviations above the usual (robust z-score: median and MAD).",
    default: 5,
    min: 1,
    max: 50,
  },
  learningDays: { description: "A user is judged when known for so many days.", default: 14, min: 0, max: 90 },
  learningActiveDays: {
    description: "A user is judged after having opened records on so many days.",
    default: 7,
    min: 1,
    max: 20,
  },
} as const;

export const outsidePatients: BehaviourDetector<typeof parameters> = {
  name: "outside_patients",
  title: "Records outside the user's patients",
  description:
    "A user opens, on one day, the records of unusually many patients who are not the user's: never opened by the user on an earlier day within half a year, by no colleague within two weeks, and without a visit within two weeks or the next three days. A single such record is no finding: it is how every first visit begins. Not found: records of whoever is in the house anyway.",
  severity: "MEDIUM",
  tags: ["attack.collection", "attack.t1213"],
  falsepositives: [
    "Somebody who takes over another's patients",
    "A recall of patients who were not seen for long",
    "An application that tells neither appointments nor what others do",
  ],
  learning:
    "14 days with records opened on 7 of them, of each user. Until then nothing is found. Where Vigil itself is new every patient is unknown at first, which makes the usual numbers high; they follow within 20 days of work.",
  parameters,
  facets: [foreignPatients, care],
  concerns: concernsCare,
  judge,
};

function judge(event: SecurityEvent, seen: Seen, asked: ParametersOf<typeof parameters>): Finding | undefined {
  const state = seen.facet(foreignPatients);
  if (!state || state.days.length === 0) return undefined;
  const { day } = localTime(event.time, seen.timeZone);
  const foreign = foreignIn(event, seen, day);
  if (foreign === undefined) return undefined;
  const latest = state.days.at(-1);
  const today = latest?.[0] === day ? latest[1] : 0;
  if (today > 0 && findKey(state.today, foreign, keyLength) >= 0) return undefined;
  const known = state.days.filter(([each]) => each < day).length;
  if (day - state.since < asked.learningDays || known < asked.learningActiveDays) return undefined;
  const usual = unusualFor(today + 1, state.days, day, {
    least: asked.patients,
    times: asked.times,
    spreads: asked.spreads,
  });
  if (!usual) return undefined;
  return {
    reason: `opened the records of ${today + 1} patients today who are not the user's: without an earlier access, a visit or a colleague's access; usually at most ${usual.most} a day (median ${Math.round(usual.median)})`,
  };
}
