import type { SecurityEvent } from "../../../ingest/event.ts";
import type { BehaviourDetector, Finding, ParametersOf, Seen } from "../behaviour-detector.ts";
import { chanceOf } from "../chance.ts";
import { care } from "../facets/care.ts";
import {
  concernsCare,
  foreignIn,
  foreignPatients,
  type Named,
  namedDays,
  namedOf,
} from "../facets/foreign-patients.ts";
import { names, shareOf } from "../facets/names.ts";
import { recordAccess } from "../facets/record-access.ts";
import { localTime } from "../local-day.ts";

const parameters = {
  sameSurname: {
    description: "So many patients of one surname within a week, none of them the user's.",
    default: 4,
    min: 2,
    max: 50,
  },
  ownSurname: {
    description: "So many patients of the user's own surname within a week, none of them the user's.",
    default: 2,
    min: 1,
    max: 50,
  },
  colleagues: {
    description: "So many patients who work here themselves within a week, none of them the user's.",
    default: 2,
    min: 1,
    max: 50,
  },
  chance: {
    description: "A surname is found only where chance would bring as many patients of it less often than this.",
    default: 0.001,
    min: 0.000_001,
    max: 0.5,
  },
  learningDays: { description: "A user is judged when known for so many days.", default: 14, min: 0, max: 90 },
  learningPatients: {
    description: "Surnames are judged when so many patients' have been counted in the organization.",
    default: 200,
    min: 20,
    max: 10_000,
  },
} as const;

export const snooping: BehaviourDetector<typeof parameters> = {
  name: "snooping",
  title: "Looking up people one knows",
  description:
    "A user opens, within a week, records of several patients who are not the user's (see outside_patients) and have one surname, the user's own surname, or the full name of somebody who works here. How common a surname is among the patients is learned, so that common ones say nothing; a family that has a visit says nothing either. Names are compared on arrival and kept only as keyed disguises. Not found: names that events do not tell, people of other names.",
  severity: "HIGH",
  tags: ["attack.collection", "attack.t1213"],
  falsepositives: ["Namesakes of colleagues", "Putting together the double entries of one family"],
  learning: "14 days of each user, and the surnames of 200 patients of the organization. Until then nothing is found.",
  parameters,
  facets: [foreignPatients, care, names, recordAccess],
  concerns: concernsCare,
  judge,
};

function judge(event: SecurityEvent, seen: Seen, asked: ParametersOf<typeof parameters>): Finding | undefined {
  const state = seen.facet(foreignPatients);
  if (!state || state.since === 0) return undefined;
  const { day } = localTime(event.time, seen.timeZone);
  if (day - state.since < asked.learningDays) return undefined;
  const patient = foreignIn(event, seen, day);
  const named = patient === undefined ? undefined : namedOf(event, seen, patient, day);
  if (!named || state.named.some(([each, on]) => each === named[0] && day - on < namedDays)) return undefined;
  const week = [...state.named.filter(([, on]) => day - on < namedDays), named];
  const colleagues = week.filter((each) => each[4] === 1).length;
  if (named[4] === 1 && colleagues >= asked.colleagues) {
    return { reason: reasonOf(colleagues, "who work here themselves") };
  }
  const known = seen.facet(names);
  if (!known || known.counted < asked.learningPatients) return undefined;
  const opened = sum(state.days.filter(([each]) => day - each < namedDays).map(([, count]) => count)) + 1;
  const same = week.filter((each: Named) => each[2] === named[2]).length;
  const chance = chanceOf(same, shareOf(known, named[2]) * opened);
  if (named[3] === 1 && same >= asked.ownSurname && chance < asked.chance) {
    return { reason: reasonOf(same, "who have the user's own surname") };
  }
  // Any of the surnames could have come several times, so that the chances of all of them count.
  if (same < asked.sameSurname || chance * opened >= asked.chance) return undefined;
  const usual = shareOf(known, named[2]) * opened;
  const expected = usual < 0.1 ? "fewer than 0.1" : usual.toFixed(1);
  return { reason: `${reasonOf(same, "who share one surname")}; by chance it would be ${expected}` };
}

function reasonOf(count: number, who: string): string {
  return `opened the records of ${count} patients within a week ${who}, none with an earlier access, a visit or a colleague's access`;
}

function sum(counts: readonly number[]): number {
  return counts.reduce((all, count) => all + count, 0);
}
