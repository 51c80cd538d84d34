/** What an attack has at hand on a day of the clinic. */
import type { Spot } from "../address.ts";
import type { Day } from "../calendar.ts";
import type { Chance } from "../chance.ts";
import type { DayBook } from "../day-book.ts";
import { strangeAgent } from "../devices.ts";
import type { Clarity, ClinicEvent, Label } from "../event.ts";
import type { Patient } from "../patients.ts";
import type { Person } from "../people.ts";
import { logIn, onRecord, type Sitting } from "../sitting.ts";
import type { Planned } from "../sittings.ts";
import type { OnDuty, Visit } from "../visits.ts";
import type { World } from "../world.ts";

export interface Stage {
  world: World;
  /** The clinic's day, and which day of the attack it is, from 0. */
  index: number;
  step: number;
  day: Day;
  book: DayBook;
  chance: Chance;
  sittings: readonly Planned[];
  visits: readonly Visit[];
  onDuty: readonly OnDuty[];
  label: Label;
  /** Somebody who was not attacked lately, the same on every day of the attack; throws NoVictim when nobody fits. */
  victim(fits?: (person: Person) => boolean): Person;
  /** Events of the service in that time get lost, but for a share. */
  lose(service: string, from: number, to: number, kept: number): void;
}

/** Nobody fits today: the attack does not take place. */
export class NoVictim extends Error {}

export interface Attack {
  kind: string;
  clarity: Clarity;
  /** What happens, in a line. */
  story: string;
  /** On how many days in a row; 1 when absent. */
  days?: number;
  /** Nothing else may happen on its day. */
  alone?: boolean;
  /** Not before this day of the run. */
  earliest?: number;
  write(stage: Stage): void;
}

/** What the clinic's program says about whether somebody treats a patient: the desk and the office see all. */
export function cares(person: Pick<Person, "name" | "role">, patient: Patient): boolean {
  const clinical = person.role === "doctor" || person.role === "injector" || person.role === "nurse";
  return !clinical || patient.provider === person.name;
}

/** The working time of the victim on that day. */
export function workOf(stage: Stage, person: Person): Planned {
  const sitting = stage.sittings.find(
    (one) => one.person === person && one.purpose === "WORK" && one.to - one.from > 5_400_000,
  );
  if (!sitting) throw new NoVictim();
  return sitting;
}

export function isOnDuty(stage: Stage): (person: Person) => boolean {
  return (person) =>
    stage.sittings.some((one) => one.person === person && one.purpose === "WORK" && one.to - one.from > 5_400_000);
}

/** The victim's account in other hands: another machine, another place. */
export function intruder(
  stage: Stage,
  person: Sitting["person"] & Pick<Person, "role">,
  spot: Spot,
  from: number,
): Sitting {
  return {
    person,
    role: person.role,
    day: stage.day,
    from,
    to: from + 3_600_000,
    spot: () => spot,
    device: { id: `d-${stage.chance.whole(1e6, 1e7)}` },
    agent: strangeAgent(stage.chance),
    sessionId: `s-${stage.chance.whole(1e8, 1e9)}`,
  };
}

export function blame(stage: Stage, who: { user?: string; address?: string; service?: string }): void {
  const { label } = stage;
  if (who.user !== undefined && !label.users.includes(who.user)) label.users.push(who.user);
  if (who.address !== undefined && !label.addresses.includes(who.address)) label.addresses.push(who.address);
  if (who.service !== undefined && !label.services.includes(who.service)) label.services.push(who.service);
}

/** Logs in as the victim and looks at records of whomever; answers when it ended. */
export function breakIn(stage: Stage, person: Person, spot: Spot, from: number, reads: number): number {
  const { book, chance, label, world } = stage;
  const sitting = intruder(stage, person, spot, from);
  blame(stage, { user: person.name, address: spot.ip });
  let time = logIn(book, sitting, chance, 0, label.id);
  for (let n = 0; n < reads; n++) {
    time += chance.whole(15, 80) * 1_000;
    read(stage, sitting, person, time, chance.pick(world.roster.all));
  }
  return time;
}

export function read(
  stage: Stage,
  sitting: Sitting,
  person: Pick<Person, "name" | "role">,
  time: number,
  patient: Patient,
  treats = cares(person, patient),
): ClinicEvent {
  return onRecord(stage.book, sitting, time, "record.read", patient, { cares: treats }, stage.label.id);
}
