import type { SecurityEvent } from "../../../ingest/event.ts";
import type { BehaviourDetector, Finding, ParametersOf, Seen } from "../behaviour-detector.ts";
import { deedWords, isDeliberate } from "../deeds.ts";
import { countries } from "../facets/countries.ts";
import { devices } from "../facets/devices.ts";
import { type Hours, hours, hoursLearned, organizationHours, pauseMs, roleHours } from "../facets/hours.ts";
import { known, knowsHour } from "../facets/known.ts";
import { networks } from "../facets/networks.ts";
import { isOfProgram, programs } from "../facets/programs.ts";
import { hoursInWords } from "../hours-in-words.ts";
import { enoughNear, near, otherKindOfDay } from "../hours-near.ts";
import { hourOfWeek, hourWords } from "../local-time.ts";
import { isOwnCountryMobile, isOwnDevice, isOwnNetwork } from "../own-device.ts";
import { aloneParameter } from "../parameters.ts";
import { isProgram, isProgramsRole } from "../program.ts";

const parameters = {
  ...aloneParameter(),
  minPercent: {
    description:
      "An hour is unusual when less than this share of the activity lies near it (up to four hours away, other days counting less), percent.",
    default: enoughNear * 100,
    min: 0.01,
    max: 5,
  },
  otherDays: {
    description: "What a habit of working days counts for weekends, and the other way round; 0: nothing, 1: in full.",
    default: otherKindOfDay,
    min: 0,
    max: 1,
  },
  learningDays: { description: "Hours are judged when learned for so many days.", default: 14, min: 1, max: 365 },
  learningHours: {
    description:
      "A user's own hours decide alone after so many of them; before, those of the role or organization count too.",
    default: 60,
    min: 1,
    max: 1_000,
  },
} as const;

export const unusualHour: BehaviourDetector<typeof parameters> = {
  name: "unusual_hour",
  title: "Unusual hour for a user",
  description:
    "A user begins to work at an hour of the week at which, in the organization's time zone, neither the user nor the user's role does. Not found: with a device and over a network that are the user's own (or by telephone in the user's country), an hour of the day at which anybody of the organization works on whatever day, since people catch up in the evening and at weekends; who works late without a pause of two hours; accounts of programs; what happens by itself, such as a refreshed session. An odd hour by itself opens no incident: it adds to the threat score, and tells beside another sign of the user within a day.",
  severity: "LOW",
  tags: ["attack.initial-access", "attack.t1078"],
  falsepositives: ["An emergency, a shift taken over, a deadline", "A user on a journey in another time zone"],
  learning:
    "14 days. A user with few active hours is judged by the role's hours, or the organization's, as far as those are learned; where neither is, nothing is found. What is found teaches a fifth of what a usual hour does.",
  parameters,
  facets: [hours, roleHours, organizationHours, devices, networks, countries, known, programs],
  concerns: (event) => isDeliberate(event) && !isProgramsRole(event),
  judge,
};

const group = 20; // the others' hours count like so many hours of the user's own
const groupHours = 100;

function judge(event: SecurityEvent, seen: Seen, asked: ParametersOf<typeof parameters>): Finding | undefined {
  const { time } = event;
  const own = seen.facet(hours);
  if (!own || time - own.awake < pauseMs || isOfProgram(event, seen)) return undefined;
  if (isProgram(event) && seen.facet(programs)?.person === 0) return undefined; // no person's, as far as is known
  const hour = hourOfWeek(time, seen.timeZone);
  const learnedAlone = hoursLearned(own, time, asked.learningDays, asked.learningHours);
  const peers = [seen.facet(roleHours), seen.facet(organizationHours)].find((each) =>
    hoursLearned(each, time, asked.learningDays, groupHours),
  );
  if (!learnedAlone && !peers) return undefined;
  const share = shareNear(own, peers, hour, asked.otherDays);
  const ownNetwork = isOwnNetwork(event, seen) || isOwnCountryMobile(event, seen);
  if (isOwnDevice(event, seen) && ownNetwork && othersNear(event, seen, hour, asked)) return undefined;
  if (share * 100 >= asked.minPercent || knowsHour(seen.facet(known), time, seen.timeZone)) return undefined;
  const usual = hoursInWords(learnedAlone || !peers ? own.weights : peers.weights);
  const whose = learnedAlone || !peers ? "the user is" : "others of the user's group are";
  return {
    weak: !asked.alone,
    reason: `${deedWords(event)} at ${hourWords(hour)} (${seen.timeZone}); ${whose} ${usual ?? "not active then"}`,
  };
}

/** At home with the own device people catch up in the evening and at weekends: only the organization's nights are odd then. */
function othersNear(event: SecurityEvent, seen: Seen, hour: number, asked: ParametersOf<typeof parameters>): boolean {
  const organization = seen.facet(organizationHours);
  if (!organization || !hoursLearned(organization, event.time, asked.learningDays, groupHours)) return false;
  return near(organization.weights, hour, 1) * 100 >= asked.minPercent;
}

/** The user's own share near the hour, with the group's as some hours more. */
function shareNear(own: Hours, peers: Hours | undefined, hour: number, otherDays: number): number {
  const active = own.weights.reduce((sum, weight) => sum + weight, 0);
  const ownNear = near(own.weights, hour, otherDays) * active;
  if (!peers) return active === 0 ? 1 : ownNear / active;
  return (ownNear + near(peers.weights, hour, otherDays) * group) / (active + group);
}
