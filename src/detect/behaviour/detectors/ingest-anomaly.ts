import type { SecurityEvent } from "../../../ingest/event.ts";
import type { BehaviourDetector, Finding, ParametersOf, Seen } from "../behaviour-detector.ts";
import { serviceOf } from "../entity-of.ts";
import { type Cadence, cadence, isSourced, slotOf, steady, weeksOf } from "../facets/cadence.ts";
import { enoughPeople, shareAtWork, staffing } from "../facets/staffing.ts";
import { localTime } from "../local-day.ts";

const parameters = {
  collapsePercent: {
    description: "Fewer events than so many percent of what is usual in such an hour, for two hours, is a collapse.",
    default: 30,
    min: 1,
    max: 90,
  },
  leastUsual: {
    description: "Hours in which fewer events are usual are not judged for a collapse.",
    default: 30,
    min: 5,
    max: 1_000_000,
  },
  burstTimes: {
    description: "So many times the busiest hour of a usual week is a burst.",
    default: 10,
    min: 2,
    max: 1_000,
  },
  leastBurst: { description: "Fewer events in an hour are no burst.", default: 2_000, min: 50, max: 10_000_000 },
} as const;

type Asked = ParametersOf<typeof parameters>;

export const ingestAnomaly: BehaviourDetector<typeof parameters> = {
  name: "ingest_anomaly",
  title: "Rate of a log source",
  description:
    "A log source sends far less than it usually does in such hours of the week, for two hours in a row (judged when its next event comes), or far more than in the busiest hour of a week. Fewer people at work that day than usual make less usual; where fewer than half have come, as on a holiday, nothing is. Not found: a source that sends nothing at all (see source_silent).",
  severity: "LOW",
  tags: ["attack.defense-evasion", "attack.t1562", "attack.impact", "attack.t1499"],
  falsepositives: ["A change of what the source logs", "The import of a backlog"],
  learning: "Three weeks of each log source. Until then nothing is found; each hour counts, a burst in part.",
  parameters,
  facets: [cadence, staffing],
  concerns: isSourced,
  judge,
};

const learningWeeks = 3;
const longestGap = 3; // hours; what is silent for longer is told of by source_silent

function judge(event: SecurityEvent, seen: Seen, asked: Asked): Finding | undefined {
  const state = seen.facet(cadence);
  if (!state || state.since === 0 || weeksOf(state) < learningWeeks) return undefined;
  const { hour } = localTime(event.time, seen.timeZone);
  if (hour < state.hour) return undefined;
  const reason = hour > state.hour ? collapse(state, hour, seen, asked) : burst(state, asked);
  return reason === undefined ? undefined : { reason, subjects: [{ kind: "SERVICE", key: serviceOf(event) ?? "any" }] };
}

/** The two hours before this one, which are over; in one without events there were none. */
function collapse(state: Cadence, now: number, seen: Seen, asked: Asked): string | undefined {
  if (now - state.hour > longestGap) return undefined;
  let told: string | undefined;
  for (const hour of [now - 1, now - 2]) {
    const count = hour === state.hour ? state.count : hour === state.hour - 1 ? state.before : 0;
    const slot = slotOf(hour);
    if ((state.presence[slot] ?? 0) < steady) return undefined;
    const share = shareAtWork(seen.facet(staffing), hour);
    if (share < enoughPeople) return undefined;
    const expected = (state.rates[slot] ?? 0) * share;
    if (expected < asked.leastUsual || count >= (asked.collapsePercent / 100) * expected) return undefined;
    told ??= `${count} events in an hour in which ${Math.round(expected)} are usual, and as few in the hour before`;
  }
  return told;
}

/** Told once, and again whenever it has doubled. */
function burst(state: Cadence, asked: Asked): string | undefined {
  const busiest = Math.max(...state.rates);
  const limit = Math.ceil(Math.max(asked.leastBurst, asked.burstTimes * busiest));
  const count = state.count + 1;
  const doubled = Math.log2(count / limit);
  if (doubled < 0 || !Number.isInteger(doubled)) return undefined;
  return `${count} events within an hour; the busiest hour of a week usually has ${Math.round(busiest)}`;
}
