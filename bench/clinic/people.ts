/** Who works at the clinic, and their habits. */
import { type HomeLine, makeHomeLine } from "./address.ts";
import { type Chance, chanceOf } from "./chance.ts";
import { type Device, makeDevice } from "./devices.ts";
import { familyName, familyNames, firstNames } from "./names.ts";
import type { Metro } from "./places.ts";

export const roles = ["front_desk", "nurse", "injector", "doctor", "billing", "manager", "admin"] as const;
export type Role = (typeof roles)[number];

const shares: Record<Role, number> = {
  front_desk: 0.22,
  nurse: 0.22,
  injector: 0.16,
  doctor: 0.16,
  billing: 0.1,
  manager: 0.08,
  admin: 0.06,
};

export interface Person {
  id: string;
  name: string;
  first: string;
  last: string;
  email: string;
  role: Role;
  /** Weekdays of work, 0 for Sunday. */
  days: ReadonlySet<number>;
  /** Every how many Saturdays, and which. */
  saturday: { every: number; turn: number };
  /** Minutes after midnight at which work usually begins, and by how much that varies. */
  start: number;
  startDeviation: number;
  /** Minutes of work, lunch within. */
  length: number;
  lunch: number;
  /** The weekday of the late shift. */
  lateDay: number | undefined;
  /** Weekdays of work from home. */
  homeDays: ReadonlySet<number>;
  /** How likely an evening at the laptop is, on a day of work. */
  evenings: number;
  /** How likely a look by telephone is, on a morning or an evening. */
  glances: number;
  /** Its share of nights on call; 0: none. */
  onCall: boolean;
  /** How likely the password is mistyped. */
  typos: number;
  /** Works through a commercial VPN wherever it is not the clinic. */
  vpn: boolean;
  /** How much more or less than others of the role. */
  pace: number;
  carrier: number;
  home: HomeLine;
  workstation: Device;
  laptop: Device | undefined;
  phone: Device;
}

/** The machines of the clinic: fewer than people. */
export function makeWorkstations(seed: number, staff: number): Device[] {
  return Array.from({ length: Math.max(2, Math.ceil(staff * 0.7)) }, (_, n) =>
    makeDevice(seed, "workstation", `ws-${String(n + 1).padStart(2, "0")}`),
  );
}

export function makeStaff(seed: number, metro: Metro, count: number, workstations: readonly Device[]): Person[] {
  const list = rolesOf(count);
  const names = new Set<string>();
  let vpnUsers = 0;
  return list.map((role, index) => {
    const chance = chanceOf(seed, "person", index);
    const { first, last } = newName(chance, names);
    const name = `${first}.${last}`;
    const clinical = role === "doctor" || role === "injector" || role === "nurse";
    const desk = role === "front_desk";
    const office = role === "billing" || role === "manager" || role === "admin";
    const vpn = (role === "doctor" || role === "manager" || role === "admin") && vpnUsers < 2 && chance.happens(0.3);
    if (vpn) vpnUsers++;
    const days = new Set([1, 2, 3, 4, 5]);
    if (clinical && chance.happens(0.5)) days.delete(chance.whole(1, 5));
    const hasLaptop = !desk && (role !== "nurse" || chance.happens(0.3));
    return {
      id: `u-${String(index + 1).padStart(2, "0")}`,
      name,
      first,
      last,
      email: `${name}@brightskin.example`,
      role,
      days,
      saturday: { every: office ? 0 : desk ? 3 : 4, turn: chance.whole(0, 3) },
      start: 435 + chance.whole(0, 100),
      startDeviation: chance.whole(5, 18),
      length: chance.whole(490, 545),
      lunch: chance.whole(705, 790),
      lateDay: clinical || desk ? (chance.happens(0.4) ? chance.pick([2, 4]) : undefined) : undefined,
      homeDays: homeDaysOf(role, chance),
      evenings: hasLaptop ? ({ doctor: 0.35, manager: 0.2, admin: 0.15, injector: 0.12 }[role as string] ?? 0.05) : 0,
      glances: desk ? 0.12 : clinical ? 0.22 : 0.1,
      onCall: role === "doctor" || role === "nurse",
      typos: 0.04 + chance.next() * 0.12,
      vpn,
      pace: 0.8 + chance.next() * 0.45,
      carrier: chance.whole(0, 2),
      home: makeHomeLine(seed, metro, name),
      workstation: workstations[index % workstations.length] as Device,
      laptop: hasLaptop ? makeDevice(seed, "laptop", `lap-${name}`) : undefined,
      phone: makeDevice(seed, "phone", `ph-${name}`),
    };
  });
}

/** As many of each role as its share of the clinic; one of each before there are two of any. */
function rolesOf(count: number): Role[] {
  const list: Role[] = roles.slice(0, count);
  const have = (role: Role): number => list.filter((one) => one === role).length;
  while (list.length < count)
    list.push([...roles].sort((a, b) => have(a) / shares[a] - have(b) / shares[b])[0] as Role);
  return list.sort((a, b) => roles.indexOf(a) - roles.indexOf(b));
}

/** Staff come from everywhere: their family names are not only the common ones. No two share a whole name. */
function newName(chance: Chance, taken: Set<string>): { first: string; last: string } {
  for (;;) {
    const first = chance.pick(firstNames);
    const last = chance.happens(0.4) ? familyName(chance) : chance.pick(familyNames);
    if (taken.has(`${first}.${last}`)) continue;
    taken.add(`${first}.${last}`);
    return { first, last };
  }
}

function homeDaysOf(role: Role, chance: Chance): Set<number> {
  if (role === "billing") return new Set(chance.pick([[3], [2, 4], [5], [1, 5]]));
  if (role === "admin" || role === "manager") return new Set(chance.pick([[], [5], [3]]));
  return new Set();
}
