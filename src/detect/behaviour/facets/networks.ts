import { isSuccess } from "../deeds.ts";
import type { Facet, ProfileKind } from "../facet.ts";
import { emptyHabit, type Habit, knownKeys, practise } from "../habit.ts";
import { listWords } from "../in-words.ts";
import { networkKey } from "../place-of.ts";

const mostNetworks = 20;

function networksOf(name: string, of: ProfileKind): Facet<Habit> {
  return {
    name,
    of,
    concerns: (event) => isSuccess(event) && networkKey(event) !== undefined,
    empty: emptyHabit,
    learn(state, event) {
      const key = networkKey(event);
      if (key !== undefined) practise(state, key, event.time, mostNetworks);
    },
    tell(state) {
      const known = knownKeys(state);
      return known.length === 0 ? undefined : `over ${listWords(known)}`;
    },
  };
}

/** Over which networks (autonomous systems) the user comes. */
export const networks = networksOf("networks", "USER");
/** The same of an API key. */
export const keyNetworks = networksOf("key_networks", "API_KEY");
