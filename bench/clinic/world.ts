/** All that a clinic is before anything happens in it. */
import { type CalendarDate, type Day, dayOf, starts } from "./calendar.ts";
import { chanceOf } from "./chance.ts";
import { type Device, makeDevice } from "./devices.ts";
import { makeRoster, type Roster } from "./patients.ts";
import { makeStaff, makeWorkstations, type Person } from "./people.ts";
import { type Metro, metros } from "./places.ts";
import { makeRota, type Rota } from "./rota.ts";

export interface ClinicOptions {
  seed: number;
  weeks: number;
  /** How many people work there. */
  staff: number;
  /** Weeks at the beginning without any attack. */
  learningWeeks: number;
  /** The first day, a Monday. Default: one of two, so that clocks change in the fourth week. */
  start?: CalendarDate;
  /** Events say themselves where their address lies (country, city, coordinates). Default: only the address. */
  sendPlaces?: boolean;
}

export interface World extends ClinicOptions {
  zone: string;
  metro: Metro;
  people: readonly Person[];
  workstations: readonly Device[];
  roster: Roster;
  rota: Rota;
  days: number;
  firstDay: CalendarDate;
  day(index: number): Day;
  /** The day on which the clinic's own line fails for the afternoon; undefined: none does. */
  lineFails: number | undefined;
  /** Whoever left before it all; the account was never closed. */
  former: Pick<Person, "id" | "name" | "first" | "last" | "email" | "role"> & { workstation: Device };
}

export function makeWorld(options: ClinicOptions): World {
  const { seed, weeks } = options;
  const chance = chanceOf(seed, "world");
  const metro = chance.pick(metros);
  const firstDay = options.start ?? chance.pick(starts);
  const workstations = makeWorkstations(seed, options.staff);
  const people = makeStaff(seed, metro, options.staff, workstations);
  const memory = new Map<number, Day>();
  return {
    ...options,
    zone: metro.zone,
    metro,
    people,
    workstations,
    roster: makeRoster(seed, people),
    rota: makeRota(seed, people, weeks),
    days: weeks * 7,
    firstDay,
    day(index) {
      let day = memory.get(index);
      if (!day) memory.set(index, (day = dayOf(metro.zone, firstDay, index)));
      return day;
    },
    lineFails: chance.happens(0.08 * weeks) ? chance.whole(0, weeks - 1) * 7 + chance.whole(0, 4) : undefined,
    former: {
      id: "u-00",
      name: "dana.whitfield",
      first: "dana",
      last: "whitfield",
      email: "dana.whitfield@brightskin.example",
      role: "nurse",
      workstation: makeDevice(seed, "workstation", "ws-01"),
    },
  };
}
