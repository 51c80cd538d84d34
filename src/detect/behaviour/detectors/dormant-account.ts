import type { SecurityEvent } from "../../../ingest/event.ts";
import type { BehaviourDetector, Finding, ParametersOf, Seen } from "../behaviour-detector.ts";
import { deedWords, isUse } from "../deeds.ts";
import { activity } from "../facets/activity.ts";
import { networks } from "../facets/networks.ts";
import { dayMs } from "../habit.ts";
import { isOwnNetwork } from "../own-device.ts";
import { networkKey } from "../place-of.ts";
import { hasRole } from "../program.ts";

const parameters = {
  dormantDays: {
    description: "An account without activity for so many days is dormant.",
    default: 60,
    min: 7,
    max: 730,
  },
  dormantDaysStrange: {
    description: "The same for an account that comes over a network it was never used on, days.",
    default: 30,
    min: 7,
    max: 730,
  },
  exceptRoles: {
    description: "Roles of people who come when they need something, not to work.",
    default: ["patient", "guardian", "customer", "client", "consumer", "member", "guest"] as readonly string[],
  },
} as const;

export const dormantAccount: BehaviourDetector<typeof parameters> = {
  name: "dormant_account",
  title: "Dormant account used",
  description:
    "An account that succeeded in nothing for a long time, or for half of it and now over another network, is used again, if only to refresh a session. Attempts that failed in between are no activity, and a telephone that goes on refreshing its session is. Not found: accounts that were never seen before, or not for two years, after which Vigil forgets them, what an account did between the end of an old log and its import, and those of patients and customers, who come once in a while.",
  severity: "MEDIUM",
  tags: ["attack.initial-access", "attack.persistence", "attack.t1078"],
  falsepositives: ["Somebody back from a long leave", "An account used once a quarter, e.g. by an auditor"],
  learning: "None: an account is judged from the second time it is seen. Before that nothing is found.",
  parameters,
  facets: [activity, networks],
  concerns: isUse,
  judge,
};

function judge(event: SecurityEvent, seen: Seen, asked: ParametersOf<typeof parameters>): Finding | undefined {
  const state = seen.facet(activity);
  if (!state || state.days === 0 || hasRole(event, asked.exceptRoles)) return undefined;
  // Of the time before an old log was imported nothing is known.
  const days = Math.floor((event.time - Math.max(state.last, (state.heard ?? 0) * dayMs)) / dayMs);
  const strange = isStrange(event, seen);
  if (days < (strange ? asked.dormantDaysStrange : asked.dormantDays)) return undefined;
  const way = strange ? ", over a network that it was never used on" : "";
  return { reason: `${deedWords(event)} of an account that was not used for ${days} days${way}` };
}

function isStrange(event: SecurityEvent, seen: Seen): boolean {
  const own = seen.facet(networks);
  return networkKey(event) !== undefined && own !== undefined && own.seen.length > 0 && !isOwnNetwork(event, seen);
}
