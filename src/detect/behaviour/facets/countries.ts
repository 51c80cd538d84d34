import { isSuccess } from "../deeds.ts";
import type { Facet, ProfileKind } from "../facet.ts";
import { emptyHabit, type Habit, knownKeys, practise } from "../habit.ts";
import { listWords } from "../in-words.ts";
import { countryOf } from "../place-of.ts";

const mostCountries = 16;

function countriesOf(name: string, of: ProfileKind): Facet<Habit> {
  return {
    name,
    of,
    concerns: (event) => isSuccess(event) && countryOf(event) !== undefined,
    empty: emptyHabit,
    learn(state, event) {
      const country = countryOf(event);
      if (country !== undefined) practise(state, country, event.time, mostCountries);
    },
    tell(state) {
      const known = knownKeys(state);
      return known.length === 0 ? undefined : `from ${listWords(known)}`;
    },
  };
}

/** From which countries the user works. */
export const countries = countriesOf("countries", "USER");
/** The same of an API key. */
export const keyCountries = countriesOf("key_countries", "API_KEY");
