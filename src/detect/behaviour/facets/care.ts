/** Who has had to do with a patient, and when the patient had a visit: what makes opening the record somebody's work. */
import type { SecurityEvent } from "../../../ingest/event.ts";
import type { Facet } from "../facet.ts";
import { localTime } from "../local-day.ts";
import { ofEvent } from "../of-event.ts";
import { isPatientsOwn, isRecordAccess, userKey } from "../record-access.ts";

export interface Care {
  /** Users, disguised, with the first and the last day of their accesses; a gap of half a year begins anew. */
  by: [who: string, first: number, last: number][];
  /** Days of visits and of what is done for one, at most four: the latest of those past, and the next ones. */
  visits: number[];
}

const mostUsers = 10;
const mostVisits = 4;
const dayMs = 86_400_000;
export const ownDays = 180;
const colleagueDays = 14;
const beforeVisit = 3;
const afterVisit = 14;

const visitDeeds =
  /appoint|schedul|book|check[-_. ]?in|visit|encounter|admi(?:t|ssion)|arriv|referral|intake|registr|treatment|procedure|prescri|waitlist|recall|consent/i;
const looks = /read|view|open|list|search|get|print|export|download|cancel|delete/i;
const careDeeds = /invoice|payment|bill|charge|claim|note|order|refill|message|call|updat|creat|sign/i;
const createsPatient = /(?:patient|client|chart)s?[-_. ](?:creat|add|regist|new)/i;
const times = [
  "appointment.start",
  "appointment.time",
  "appointment.date",
  "appointmentAt",
  "appointmentTime",
  "appointment_at",
  "appointment_time",
  "appointment_date",
  "visit.date",
  "visitDate",
  "visit_date",
].map((name) => [name, ...name.split(".")] as [name: string, outer: string, inner?: string]);

export const care: Facet<Care> = {
  name: "care",
  of: "PATIENT",
  concerns: (event) => isRecordAccess(event) || isVisit(event),
  empty: () => ({ by: [], visits: [] }),
  learn(state, event, seen) {
    const { day } = localTime(event.time, seen.timeZone);
    if (isVisit(event)) {
      const at = visitDay(event, seen.timeZone);
      noteVisit(state, day, day);
      if (at !== undefined) noteVisit(state, at, day);
    }
    if (!isRecordAccess(event) || isPatientsOwn(event)) return;
    const who = userKey(event, seen);
    const mine = state.by.find(([each]) => each === who);
    if (mine) {
      if (day - mine[2] > ownDays) mine[1] = day;
      mine[2] = Math.max(mine[2], day);
      return;
    }
    if (state.by.length >= mostUsers) {
      state.by.sort((one, other) => one[2] - other[2]);
      state.by.shift();
    }
    state.by.push([who, day, day]);
  },
};

export const isVisit = ofEvent(({ action, outcome, target }): boolean => {
  if (target?.patientId === undefined || outcome === "FAILURE") return false;
  return (visitDeeds.test(action) && !looks.test(action)) || createsPatient.test(action);
});

const relations = [
  "care_relationship",
  "careRelationship",
  "treatment_relationship",
  "treatmentRelationship",
  "care_team",
  "in_care_team",
  "inCareTeam",
  "patient.assigned",
];

/** Whether the application itself says that the patient is the user's; undefined: it does not say. */
export const saysOwn = ofEvent(({ attributes }): boolean | undefined => {
  for (const name of relations) {
    const value = attributes[name];
    const text = typeof value === "boolean" || typeof value === "string" ? String(value).toLowerCase() : "";
    if (text === "false" || text === "none" || text === "no") return false;
    if (text === "true" || text === "yes") return true;
  }
  return undefined;
});

/** Work for the patient that a look at the record was for: a visit, a bill, a note, an order. */
export const isCareDeed = ofEvent(
  (event): boolean =>
    isVisit(event) || (isRecordAccess(event) && careDeeds.test(event.action) && !looks.test(event.action)),
);

function visitDay({ attributes }: SecurityEvent, timeZone: string): number | undefined {
  for (const [name, outer, inner] of times) {
    const value = attributes[name] ?? (attributes[outer] as Record<string, unknown> | undefined)?.[inner ?? ""];
    const day = dayOf(value, timeZone);
    if (day !== undefined) return day;
  }
  return undefined;
}

const longestTime = 80; // characters
const zoned = /:\d\d.*(?:z|utc|gmt|[-+]\d\d:?\d\d)/i;

/** In the organization's zone; where the time says no zone of its own, its date as it is written. */
function dayOf(time: unknown, timeZone: string): number | undefined {
  if (typeof time === "string" && time.length <= longestTime && !zoned.test(time)) {
    const at = Date.parse(`${time.replace(/T(?=\d)/, " ")} UTC`);
    return isLikely(at) ? Math.floor(at / dayMs) : undefined;
  }
  const at = typeof time === "number" ? time : typeof time === "string" ? Date.parse(time) : Number.NaN;
  return isLikely(at) ? localTime(at, timeZone).day : undefined;
}

const isLikely = (at: number): boolean => at > 0 && at < 4e12;

/** Where there are too many, a visit goes that a later one has followed or that is long past, else the farthest. */
function noteVisit({ visits }: Care, day: number, today: number): void {
  if (visits.includes(day)) return;
  visits.push(day);
  visits.sort((one, other) => one - other);
  if (visits.length <= mostVisits) return;
  const [first = 0, second = 0] = visits;
  if (second <= today || first < today - afterVisit) visits.shift();
  else visits.pop();
}

/**
 * Whether nothing makes the patient one of the user's: no access of the user on an earlier day, no other user's within two
 * weeks, no visit within two weeks or in the next three days. What the user does on the day itself makes no difference.
 */
export function isForeign(state: Care | undefined, who: string, day: number): boolean {
  if (!state) return true;
  if (state.visits.some((visit) => visit - beforeVisit <= day && day <= visit + afterVisit)) return false;
  return !state.by.some(([each, first, last]) =>
    each === who ? first < day && day - last <= ownDays : day - last <= colleagueDays,
  );
}
