/**
 * What several people of a group use (a network, a country, a privilege): each key with up to four of them, disguised. One
 * counts after having used it for a week, so that an attacker who takes over three accounts in a night makes nothing usual.
 */
import { dayOf } from "./habit.ts";

export interface Peers {
  used: [key: string, by: [who: string, first: number, last: number][]][];
}

const mostPeople = 4;
const mostKeys = 20;
const longestWho = 12; // characters of a disguise, enough to tell four people apart
const settledDays = 7;
const forgottenDays = 90;

export function noPeers(): Peers {
  return { used: [] };
}

export function noteUse(peers: Peers, key: string, who: string, time: number): void {
  const day = dayOf(time);
  const name = who.slice(0, longestWho);
  let entry = peers.used.find(([used]) => used === key);
  if (!entry) {
    if (peers.used.length >= mostKeys) peers.used.splice(leastUsed(peers), 1);
    entry = [key, []];
    peers.used.push(entry);
  }
  const by = entry[1];
  const mine = by.find(([each]) => each === name);
  if (mine) mine[2] = Math.max(mine[2], day);
  else if (by.length < mostPeople) by.push([name, day, day]);
  else {
    const gone = by.findIndex(([, , last]) => day - last > forgottenDays);
    if (gone >= 0) by[gone] = [name, day, day];
  }
}

function leastUsed({ used }: Peers): number {
  const worth = used.map(([, by]) => by.length * 100_000 + Math.max(0, ...by.map(([, , last]) => last)));
  return worth.indexOf(Math.min(...worth));
}

/** How many others use it, up to three. */
export function othersUsing(peers: Peers, key: string, who: string, time: number): number {
  const day = dayOf(time);
  const by = peers.used.find(([used]) => used === key)?.[1] ?? [];
  const settled = by.filter(
    ([name, first, last]) =>
      last - first >= settledDays && day - last <= forgottenDays && name !== who.slice(0, longestWho),
  );
  return Math.min(3, settled.length);
}
