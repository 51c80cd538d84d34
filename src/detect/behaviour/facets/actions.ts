/** What a user does at all, and what the others of a group do. */
import type { SecurityEvent } from "../../../ingest/event.ts";
import { isDeliberate, userOf } from "../deeds.ts";
import type { Facet, ProfileKind, Surroundings } from "../facet.ts";
import { dayOf, emptyHabit, type Habit, knownKeys, practise } from "../habit.ts";
import { listWords } from "../in-words.ts";
import { isProgramsRole } from "../program.ts";
import { isPatientsOwn, userKey } from "../record-access.ts";
import { keyLength, shortKey } from "../short-key.ts";
import { actionKey } from "./volumes.ts";

const mostOwn = 64;

/** People's own deeds; neither programs' nor those of patients in the portal. */
export function isDeed(event: SecurityEvent): boolean {
  return isDeliberate(event) && userOf(event) !== undefined && !isProgramsRole(event) && !isPatientsOwn(event);
}

export const actions: Facet<Habit> = {
  name: "actions",
  of: "USER",
  concerns: isDeed,
  empty: emptyHabit,
  learn: (state, event) => practise(state, actionKey(event), event.time, mostOwn),
  tell(state) {
    const known = knownKeys(state);
    return known.length === 0 ? undefined : `does ${listWords(known)}`;
  },
};

export interface PeerActions {
  /** Disguised; days since 1970. */
  members: [who: string, last: number][];
  /** Each with the last up to seven who did it, five characters a person. */
  actions: [action: string, people: string, last: number][];
}

const mostMembers = 64;
const mostActions = 100;
const mostPeople = 7; // more than a tenth of the most members
const activeDays = 30;
const forgottenDays = 180;

function peerActions(name: string, of: ProfileKind): Facet<PeerActions> {
  return {
    name,
    of,
    concerns: isDeed,
    empty: () => ({ members: [], actions: [] }),
    learn(state, event, seen) {
      const day = dayOf(event.time);
      const who = userKey(event, seen);
      noteMember(state, who, day);
      const action = shortKey("action", actionKey(event), seen);
      let entry = state.actions.find(([each]) => each === action);
      if (!entry) {
        if (state.actions.length >= mostActions) state.actions.splice(leastUsed(state, day), 1);
        entry = [action, "", day];
        state.actions.push(entry);
      }
      if (day - entry[2] > forgottenDays) entry[1] = "";
      entry[2] = Math.max(entry[2], day);
      if (peopleOf(entry[1]).includes(who)) return;
      entry[1] = (entry[1] + who).slice(-mostPeople * keyLength);
    },
  };
}

export const roleActions = peerActions("role_actions", "ROLE");
export const organizationActions = peerActions("organization_actions", "ORGANIZATION");

function noteMember({ members }: PeerActions, who: string, day: number): void {
  const member = members.find(([each]) => each === who);
  if (member) {
    member[1] = Math.max(member[1], day);
    return;
  }
  if (members.length >= mostMembers) {
    const gone = members.findIndex(([, last]) => day - last > activeDays);
    if (gone < 0) return;
    members.splice(gone, 1);
  }
  members.push([who, day]);
}

/** First of all what was not done for half a year: by how many it once was says nothing any more. */
function leastUsed({ actions: all }: PeerActions, day: number): number {
  const worth = all.map(([, people, last]) => (day - last > forgottenDays ? last : people.length * 100_000 + last));
  return worth.indexOf(Math.min(...worth));
}

function peopleOf(people: string): string[] {
  return people.match(/.{5}/g) ?? [];
}

export interface DoneByOthers {
  others: number;
  doing: number;
  /** Percent of the others; all of them where as many do it as are told apart, for then nobody knows how many more do. */
  share: number;
}

/** How many others there were in 30 days, and how many of them (up to seven) do it. */
export function doneByOthers(
  state: PeerActions | undefined,
  event: SecurityEvent,
  surroundings: Surroundings,
): DoneByOthers {
  if (!state) return { others: 0, doing: 0, share: 0 };
  const day = dayOf(event.time);
  const who = userKey(event, surroundings);
  const action = shortKey("action", actionKey(event), surroundings);
  const others = state.members.filter(([each, last]) => each !== who && day - last <= activeDays).length;
  const entry = state.actions.find(([each]) => each === action);
  const people = entry && day - entry[2] <= forgottenDays ? peopleOf(entry[1]) : [];
  const doing = people.filter((each) => each !== who).length;
  return { others, doing, share: others === 0 ? 0 : doing >= mostPeople ? 100 : (doing / others) * 100 };
}
