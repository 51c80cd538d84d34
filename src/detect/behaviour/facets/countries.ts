import { isSuccess } from "../deeds.ts";
import type { Facet } from "../facet.ts";
import { emptyHabit, type Habit, knownKeys, practise } from "../habit.ts";
import { listWords } from "../in-words.ts";
import { countryOf } from "../place-of.ts";

const mostCountries = 16;

/** From which countries the user works. */
export const countries: Facet<Habit> = {
  name: "countries",
  of: "USER",
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
