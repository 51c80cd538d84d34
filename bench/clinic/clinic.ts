/**
 * A clinic's weeks as events, in order of time: staff with their habits, patients, machines, partners, and after the
 * learning weeks attacks, each with a label. The same options give the same events. Nothing here knows how attacks are
 * found: it shares no code and no constant with detection.
 */
import { planCampaign } from "./attacks/campaign.ts";
import { chanceOf } from "./chance.ts";
import { type DayBook, openDayBook } from "./day-book.ts";
import type { Label, Told } from "./event.ts";
import { writeMachines } from "./machines.ts";
import { writeManagement } from "./management.ts";
import type { Patient } from "./patients.ts";
import { writePortal } from "./portal.ts";
import { logIn, logOut, onRecord } from "./sitting.ts";
import { sittingsOf } from "./sittings.ts";
import { type OnDuty, visitsOf } from "./visits.ts";
import { writeWork } from "./work.ts";
import { type ClinicOptions, makeWorld, type World } from "./world.ts";

export interface Clinic {
  world: World;
  /** Epoch ms of the first moment, and of the first moment at which an attack may happen. */
  from: number;
  attacksFrom: number;
  /** The events in order of time; to be read once. */
  events(): AsyncIterable<Told>;
  /** The attacks of the days that were read so far; all of them at the end. */
  labels: readonly Label[];
}

export function openClinic(options: ClinicOptions): Clinic {
  const world = makeWorld(options);
  const campaign = planCampaign(world);
  return {
    world,
    from: world.day(0).at(0),
    attacksFrom: world.day(world.learningWeeks * 7).at(0),
    labels: campaign.labels,
    async *events() {
      let later: Told[] = [];
      let recent: Patient[] = [];
      for (let index = 0; index < world.days; index++) {
        const book = openDayBook(world, index);
        const onDuty: OnDuty[] = world.people.flatMap((person) => {
          const duty = world.rota.duty(person, world.day(index));
          return duty ? [{ person, duty }] : [];
        });
        const visits = visitsOf(world, index, onDuty);
        const sittings = sittingsOf(world, index, onDuty);
        writeWork(world, index, book, { sittings, visits, recent });
        writeManagement(world, index, book, sittings);
        writeMachines(world, index, book, onDuty);
        writePortal(world, index, book);
        if (index < 2) writeFormer(world, index, book);
        campaign.write(index, book, { sittings, visits, onDuty });
        if (visits.length > 0) recent = [...recent.slice(-60), ...visits.map(({ patient }) => patient)];
        // A night's work may reach into the next day: what does waits for it.
        const end = world.day(index + 1).at(0);
        const all = [...later, ...book.told].sort((one, other) => one.event.time - other.event.time);
        const split = all.findIndex(({ event }) => event.time >= end);
        later = split < 0 ? [] : all.slice(split);
        yield* split < 0 ? all : all.slice(0, split);
      }
      yield* later;
    },
  };
}

/** The last days of somebody who then leaves. */
function writeFormer(world: World, index: number, book: DayBook): void {
  const { former, roster, metro } = world;
  const chance = chanceOf(world.seed, "former", index);
  const day = world.day(index);
  const spot = { ip: `${metro.office.blocks[0]}.18`, place: metro.office };
  const sitting = {
    person: former,
    role: former.role,
    day,
    from: day.at(chance.whole(480, 510)),
    to: day.at(960),
    spot: () => spot,
    device: former.workstation,
    agent: former.workstation.agent(index),
    sessionId: `s-${chance.whole(1e8, 1e9)}`,
  };
  logIn(book, sitting, chance, 0);
  for (let n = 0; n < 30; n++)
    onRecord(book, sitting, sitting.from + (n + 1) * 780_000, "record.read", chance.pick(roster.all));
  logOut(book, sitting);
}
