import type { SecurityEvent } from "../../../ingest/event.ts";
import type { BehaviourDetector, Finding, ParametersOf, Seen } from "../behaviour-detector.ts";
import { deedWords, isSuccess } from "../deeds.ts";
import { activity, hasLearned } from "../facets/activity.ts";
import { countries } from "../facets/countries.ts";
import { known, knowsCountry, knowsNetwork } from "../facets/known.ts";
import { networks } from "../facets/networks.ts";
import { isProgramAccount, programs } from "../facets/programs.ts";
import { isKnown, knownKeys } from "../habit.ts";
import { listWords } from "../in-words.ts";
import { learningOf } from "../parameters.ts";
import { countryOf, networkKey, networkName } from "../place-of.ts";
import { hasRole, programRoles } from "../program.ts";

const parameters = {
  ...learningOf(7, 3),
  roles: { description: "Roles by which a program's account is told.", default: programRoles },
} as const;

export const serviceAccountNewPlace: BehaviourDetector<typeof parameters> = {
  name: "service_account_new_place",
  title: "Service account from a new place",
  description:
    "The account of a program (by its role, or because nearly always a program used it) succeeded over a network or from a country it was never seen in. Programs do not travel, so this is found without anything more being suspicious. Another address of the same network is no new place.",
  severity: "HIGH",
  tags: ["attack.initial-access", "attack.credential-access", "attack.t1078", "attack.t1528"],
  falsepositives: ["The program moved to another provider", "A developer who tries the program's credentials at home"],
  learning:
    "7 days with activity on 3 of them, of each account. Until then nothing is found, and every network and country counts as its own; afterwards a place is new until it was used on three days.",
  parameters,
  facets: [networks, countries, activity, programs, known],
  concerns: (event) => isSuccess(event) && (networkKey(event) !== undefined || countryOf(event) !== undefined),
  judge,
};

function judge(event: SecurityEvent, seen: Seen, asked: ParametersOf<typeof parameters>): Finding | undefined {
  const history = seen.facet(programs);
  if (!hasRole(event, asked.roles) && !(history && isProgramAccount(history))) return undefined;
  if (!hasLearned(seen.facet(activity), event.time, asked.learningDays, asked.learningActiveDays)) return undefined;
  const confirmed = seen.facet(known);
  const network = networkKey(event);
  const ownNetworks = seen.facet(networks);
  if (network !== undefined && ownNetworks && ownNetworks.seen.length > 0) {
    if (isKnown(ownNetworks, network, event.time) || knowsNetwork(confirmed, network)) return undefined;
    const usual = listWords(knownKeys(ownNetworks));
    return {
      reason: `${deedWords(event)} of a program's account over ${networkName(event)}; it is known over ${usual} only`,
    };
  }
  const country = countryOf(event);
  const own = seen.facet(countries);
  if (country === undefined || !own || own.seen.length === 0) return undefined;
  if (isKnown(own, country, event.time) || knowsCountry(confirmed, country)) return undefined;
  const usual = listWords(knownKeys(own));
  return { reason: `${deedWords(event)} of a program's account from ${country}; it is known from ${usual} only` };
}
