import type { SecurityEvent } from "../../../ingest/event.ts";
import type { BehaviourDetector, Finding, ParametersOf, Seen } from "../behaviour-detector.ts";
import { isLogIn, userOf } from "../deeds.ts";
import { activity } from "../facets/activity.ts";
import { addressOf, failedAccounts, mostFailed, triedFrom } from "../facets/failed-accounts.ts";

const parameters = {
  accounts: {
    description: "So many accounts, tried from one address within 24 hours and not got into, are too many.",
    default: 15,
    min: 5,
    max: mostFailed - 1,
  },
} as const;

export const slowSpraying: BehaviourDetector<typeof parameters> = {
  name: "slow_spraying",
  title: "Slow password spraying",
  description:
    "From one address (of IPv6: one /64 network) log-ins of many accounts failed within a day, however slowly, and it got into none of them, nor into as many others. Told with each further account, and with an account that it gets into then. Where the account is nobody's, as far as is known, it opens no incident by itself: programs on the Internet try names everywhere. Not found: what comes from another address each time; addresses from which more people get in than are tried in vain, as of an office.",
  severity: "MEDIUM",
  tags: ["attack.credential-access", "attack.t1110", "attack.t1110.003"],
  falsepositives: [
    "Log-in is broken for a day for many people behind one address",
    "A scan of names by a test of your own",
  ],
  learning: "None: what an address tried within the last 24 hours is judged from the first day.",
  parameters,
  facets: [failedAccounts, activity],
  concerns: failedAccounts.concerns,
  judge,
};

function judge(event: SecurityEvent, seen: Seen, asked: ParametersOf<typeof parameters>): Finding | undefined {
  const { failed, entered, isNew } = triedFrom(seen.facet(failedAccounts), event, seen);
  if (!isNew || failed < asked.accounts || failed <= entered) return undefined;
  const count = failed >= mostFailed ? `${mostFailed} or more` : failed;
  const address = { kind: "ADDRESS", key: addressOf(event) ?? "" } as const;
  if (!isLogIn(event)) {
    const reason = `log-ins of ${count} accounts failed from one address within a day`;
    return { reason, subjects: [address], weak: (seen.facet(activity)?.days ?? 0) === 0 };
  }
  return {
    reason: `log-in from an address from which those of ${count} other accounts failed within a day`,
    subjects: [address, { kind: "USER", key: userOf(event) ?? "" }],
  };
}
