import type { SecurityEvent } from "../../../ingest/event.ts";
import type { BehaviourDetector, Finding, ParametersOf, Seen } from "../behaviour-detector.ts";
import { deedWords, isSuccess } from "../deeds.ts";
import { countries, keyCountries } from "../facets/countries.ts";
import { type Known, known, knowsCountry, knowsNetwork } from "../facets/known.ts";
import { keyNetworks, networks } from "../facets/networks.ts";
import { isProgramAccount, programs } from "../facets/programs.ts";
import { dayOf, type Habit, isNews, knownKeys } from "../habit.ts";
import { listWords } from "../in-words.ts";
import { learningOf } from "../parameters.ts";
import { countryOf, networkKey, networkName } from "../place-of.ts";
import { hasRole, programRoles } from "../program.ts";

const parameters = {
  ...learningOf(7, 3),
  roles: { description: "Roles by which a program's account is told.", default: programRoles },
} as const;

type Asked = ParametersOf<typeof parameters>;

export const serviceAccountNewPlace: BehaviourDetector<typeof parameters> = {
  name: "service_account_new_place",
  title: "Service account from a new place",
  description:
    "An API key, or the account of a program (by its role, or because nearly always a program used it), succeeded over a network or from a country it was never seen in. Programs do not travel, so this is found without anything more being suspicious. Another address of the same network is no new place.",
  severity: "HIGH",
  tags: ["attack.initial-access", "attack.credential-access", "attack.t1078", "attack.t1528"],
  falsepositives: ["The program moved to another provider", "A developer who tries the program's credentials at home"],
  learning:
    "7 days with activity on 3 of them, of each account and key. Until then nothing is found, and every network and country counts as its own; afterwards a place is new until it was used on three days, and is told of on the first of them, or when it comes back after a week.",
  parameters,
  facets: [networks, countries, keyNetworks, keyCountries, programs, known],
  concerns: (event) => isSuccess(event) && (networkKey(event) !== undefined || countryOf(event) !== undefined),
  judge,
};

function judge(event: SecurityEvent, seen: Seen, asked: Asked): Finding | undefined {
  const confirmed = seen.facet(known);
  const ofKey = { networks: seen.facet(keyNetworks), countries: seen.facet(keyCountries) };
  const moved = newPlace(event, ofKey, confirmed, asked);
  if (moved) return { reason: `${deedWords(event)} with an API key ${moved}` };
  const history = seen.facet(programs);
  if (!hasRole(event, asked.roles) && !(history && isProgramAccount(history))) return undefined;
  const ofAccount = { networks: seen.facet(networks), countries: seen.facet(countries) };
  const account = newPlace(event, ofAccount, confirmed, asked);
  return account ? { reason: `${deedWords(event)} of a program's account ${account}` } : undefined;
}

interface Places {
  networks: Habit | undefined;
  countries: Habit | undefined;
}

/** The country decides where no network is known. */
function newPlace(event: SecurityEvent, own: Places, confirmed: Known | undefined, asked: Asked): string | undefined {
  const network = networkKey(event);
  if (network !== undefined && own.networks && own.networks.seen.length > 0) {
    if (!isNews(own.networks, network, event.time) || knowsNetwork(confirmed, network)) return undefined;
    if (!isSettled(own.networks, event.time, asked)) return undefined;
    return `over ${networkName(event)}; it is known over ${listWords(knownKeys(own.networks))} only`;
  }
  const country = countryOf(event);
  if (country === undefined || !own.countries || own.countries.seen.length === 0) return undefined;
  if (!isNews(own.countries, country, event.time) || knowsCountry(confirmed, country)) return undefined;
  if (!isSettled(own.countries, event.time, asked)) return undefined;
  return `from ${country}; it is known from ${listWords(knownKeys(own.countries))} only`;
}

function isSettled({ since, days }: Habit, time: number, asked: Asked): boolean {
  return dayOf(time) - since >= asked.learningDays && days >= asked.learningActiveDays;
}
