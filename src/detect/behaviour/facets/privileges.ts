import { isSuccess } from "../deeds.ts";
import type { Facet } from "../facet.ts";
import { emptyHabit, type Habit, knownKeys, live, practise } from "../habit.ts";
import { listWords } from "../in-words.ts";
import { privilegeOf } from "../privilege.ts";

const mostPrivileges = 24;

/** Which privileged actions the user takes, and since when the user is known without. */
export const privileges: Facet<Habit> = {
  name: "privileges",
  of: "USER",
  concerns: isSuccess,
  empty: emptyHabit,
  learn(state, event) {
    const privilege = privilegeOf(event);
    if (privilege === undefined) live(state, event.time);
    else practise(state, privilege, event.time, mostPrivileges);
  },
  tell(state) {
    const known = knownKeys(state);
    return known.length === 0 ? undefined : `administers: ${listWords(known)}`;
  },
};
