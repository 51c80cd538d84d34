import type { SecurityEvent } from "../../../ingest/event.ts";
import type { BehaviourDetector, Finding, ParametersOf, Seen } from "../behaviour-detector.ts";
import { deedWords, isDeliberate } from "../deeds.ts";
import { activity } from "../facets/activity.ts";
import { dayMs } from "../habit.ts";

const parameters = {
  dormantDays: {
    description: "An account without activity for so many days is dormant.",
    default: 60,
    min: 7,
    max: 730,
  },
} as const;

export const dormantAccount: BehaviourDetector<typeof parameters> = {
  name: "dormant_account",
  title: "Dormant account used",
  description:
    "An account that succeeded in nothing for a long time logs in or does something. Attempts that failed in between are no activity. Not found: accounts that were never seen before.",
  severity: "MEDIUM",
  tags: ["attack.initial-access", "attack.persistence", "attack.t1078"],
  falsepositives: ["Somebody back from a long leave", "An account used once a quarter, e.g. by an auditor"],
  learning: "None: an account is judged from the second time it is seen. Before that nothing is found.",
  parameters,
  facets: [activity],
  concerns: isDeliberate,
  judge,
};

function judge(event: SecurityEvent, seen: Seen, asked: ParametersOf<typeof parameters>): Finding | undefined {
  const state = seen.facet(activity);
  if (!state || state.days === 0) return undefined;
  const days = Math.floor((event.time - state.last) / dayMs);
  if (days < asked.dormantDays) return undefined;
  return { reason: `${deedWords(event)} of an account that was not used for ${days} days` };
}
