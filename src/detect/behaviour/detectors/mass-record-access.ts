import type { SecurityEvent } from "../../../ingest/event.ts";
import type { BehaviourDetector, Finding, ParametersOf, Seen } from "../behaviour-detector.ts";
import { organizationRecordAccess, othersUpTo, roleRecordAccess } from "../facets/peer-record-access.ts";
import { type RecordAccess, recordAccess } from "../facets/record-access.ts";
import { spanWords } from "../in-words.ts";
import { localTime } from "../local-day.ts";
import { countPatients, hourSlots, mostPatients } from "../recent-patients.ts";
import { isRecordAccess, patientKey, userKey } from "../record-access.ts";
import { type Usual, unusualFor } from "../usual.ts";

const parameters = {
  hourPatients: {
    description: "Fewer different patients in an hour are never too many.",
    default: 30,
    min: 5,
    max: mostPatients,
  },
  dayPatients: {
    description: "Fewer different patients in 24 hours are never too many.",
    default: 80,
    min: 10,
    max: mostPatients,
  },
  times: { description: "So many times the most that is usual for the user.", default: 2, min: 1.1, max: 20 },
  spreads: {
    description: "So many standard deviations above the usual (robust z-score: median and MAD).",
    default: 5,
    min: 1,
    max: 50,
  },
  peerTimes: {
    description: "So many times what three of four colleagues of the role stay below.",
    default: 1.3,
    min: 1,
    max: 20,
  },
  learningDays: { description: "A user is judged when known for so many days.", default: 14, min: 0, max: 90 },
  learningActiveDays: {
    description: "A user is judged after having opened records on so many days.",
    default: 5,
    min: 1,
    max: 40,
  },
  unlearnedHourPatients: {
    description: "Before that, more different patients in an hour than this, and than twice what colleagues open.",
    default: 100,
    min: 10,
    max: mostPatients,
  },
} as const;

type Asked = ParametersOf<typeof parameters>;

export const massRecordAccess: BehaviourDetector<typeof parameters> = {
  name: "mass_record_access",
  title: "Mass access to patients' records",
  description:
    "A user gets at the records of far more different patients, in an hour or in 24 hours, than this user and the colleagues of the role do. Busy days of the week and the turn of a month are compared with their like. Not found: users who always open more than 400 patients in 24 hours; accounts whose role says that a program uses them.",
  severity: "HIGH",
  tags: ["attack.collection", "attack.t1213", "attack.t1530"],
  falsepositives: [
    "A recall or an audit of charts, done by hand",
    "A list that sends an event for every patient it shows",
    "A migration under a person's account: give it an account with the role service",
  ],
  learning:
    "14 days with records opened on 5 of them, of each user. Until then only more than 100 different patients in an hour are found, and twice what the colleagues open.",
  parameters,
  facets: [recordAccess, roleRecordAccess, organizationRecordAccess],
  concerns: isRecordAccess,
  judge,
};

const enoughOthers = 4; // five members with the user
const unlearnedTimes = 2;

function judge(event: SecurityEvent, seen: Seen, asked: Asked): Finding | undefined {
  const state = seen.facet(recordAccess);
  if (!state) return undefined;
  const patient = patientKey(event, seen);
  const hour = countPatients(state, event.time, hourSlots, patient);
  const whole = countPatients(state, event.time, 240, patient);
  if (hour.patients < asked.hourPatients && whole.patients < asked.dayPatients) return undefined;
  const { day } = localTime(event.time, seen.timeZone);
  const who = userKey(event, seen);
  const colleagues = othersUpTo(seen.facet(roleRecordAccess), who, day, enoughOthers);
  if (!learned(state, day, asked)) {
    const peers = colleagues ?? othersUpTo(seen.facet(organizationRecordAccess), who, day, enoughOthers);
    const limit = Math.max(asked.unlearnedHourPatients, unlearnedTimes * (peers?.hour ?? 0));
    if (hour.patients <= limit) return undefined;
    const told = peers ? `; colleagues usually at most ${peers.hour} an hour` : "";
    return { reason: `${opened(hour)}, and little is known of this user yet${told}` };
  }
  const limits = { times: asked.times, spreads: asked.spreads };
  const hours = state.days.map(([each, count]) => [each, count] as const);
  const byHour = unusualFor(hour.patients, hours, day, { ...limits, least: asked.hourPatients });
  if (byHour && hour.patients > asked.peerTimes * (colleagues?.hour ?? 0)) {
    return { reason: `${opened(hour)}; ${usually(byHour, "an hour", colleagues?.hour)}` };
  }
  const wholes = state.days.map(([each, , count]) => [each, count] as const);
  const byDay = unusualFor(whole.patients, wholes, day, { ...limits, least: asked.dayPatients });
  if (!byDay || whole.patients <= asked.peerTimes * (colleagues?.whole ?? 0)) return undefined;
  return { reason: `${opened(whole)}; ${usually(byDay, "a day", colleagues?.whole)}` };
}

function learned({ since, days }: RecordAccess, day: number, asked: Asked): boolean {
  return day - since >= asked.learningDays && days.filter(([each]) => each < day).length >= asked.learningActiveDays;
}

function opened({ patients, overMs }: { patients: number; overMs: number }): string {
  const count = patients >= mostPatients ? `${mostPatients} or more` : patients;
  return `opened ${count} patients' records in ${spanWords(overMs)}`;
}

function usually({ median, most }: Usual, span: string, colleagues: number | undefined): string {
  const own = `usually at most ${most} ${span} (median ${Math.round(median)})`;
  return colleagues === undefined ? own : `${own}, most colleagues at most ${colleagues}`;
}
