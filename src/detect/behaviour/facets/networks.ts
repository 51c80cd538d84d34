import { isSuccess } from "../deeds.ts";
import type { Facet } from "../facet.ts";
import { emptyHabit, type Habit, knownKeys, practise } from "../habit.ts";
import { listWords } from "../in-words.ts";
import { networkKey } from "../place-of.ts";

const mostNetworks = 20;

/** Over which networks (autonomous systems) the user comes. */
export const networks: Facet<Habit> = {
  name: "networks",
  of: "USER",
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
