/** Which attacks take place on which days, and what they write. */
import { isOpen } from "../calendar.ts";
import { type Chance, chanceOf } from "../chance.ts";
import type { DayBook } from "../day-book.ts";
import type { Label } from "../event.ts";
import type { Person } from "../people.ts";
import type { Planned } from "../sittings.ts";
import type { OnDuty, Visit } from "../visits.ts";
import type { World } from "../world.ts";
import { guessing } from "./guessing.ts";
import { insider } from "./insider.ts";
import { power } from "./power.ts";
import { type Attack, NoVictim } from "./stage.ts";
import { takeover } from "./takeover.ts";

export const attacks: readonly Attack[] = [...guessing, ...takeover, ...insider, ...power];

/** Twelve a week: more than any clinic sees, few enough that each stands for itself. */
const perWeek = 12;
const rest = 5; // days for which nobody is chosen again

export interface Campaign {
  labels: Label[];
  /** Writes what belongs to that day. */
  write(
    index: number,
    book: DayBook,
    today: { sittings: readonly Planned[]; visits: readonly Visit[]; onDuty: readonly OnDuty[] },
  ): void;
}

interface Running {
  attack: Attack;
  label: Label;
  from: number;
  chance: Chance;
  victim: Person | undefined;
}

export function planCampaign(world: World): Campaign {
  const chance = chanceOf(world.seed, "campaign");
  const plan = schedule(world, chance);
  const running: Running[] = [];
  const labels: Label[] = [];
  const attackedOn = new Map<string, number>();

  return {
    labels,
    write(index, book, today) {
      for (const [n, attack] of (plan.get(index) ?? []).entries()) {
        const id = `a${index}-${n}`;
        const label: Label = {
          id,
          kind: attack.kind,
          clarity: attack.clarity,
          story: attack.story,
          users: [],
          addresses: [],
          services: [],
          from: Number.POSITIVE_INFINITY,
          to: Number.NEGATIVE_INFINITY,
          eventIds: [],
        };
        running.push({ attack, label, from: index, chance: chanceOf(world.seed, "attack", id), victim: undefined });
      }
      for (const one of running) {
        const step = index - one.from;
        if (step >= (one.attack.days ?? 1)) continue;
        const before = book.told.length;
        try {
          one.attack.write({
            ...today,
            world,
            index,
            step,
            day: world.day(index),
            book,
            chance: one.chance,
            label: one.label,
            victim: (fits = () => true) => (one.victim ??= choose(index, one.chance, fits)),
            lose: (service, from, to, kept) => lose(book, one, { service, from, to, kept }),
          });
        } catch (error) {
          if (!(error instanceof NoVictim)) throw error;
          book.told.length = before; // as if it had never begun
          continue;
        }
        for (const { event, attack } of book.told) {
          if (attack !== one.label.id) continue;
          one.label.eventIds.push(event.id);
          one.label.from = Math.min(one.label.from, event.time);
          one.label.to = Math.max(one.label.to, event.time);
        }
        if (Number.isFinite(one.label.from) && !labels.includes(one.label)) labels.push(one.label);
      }
    },
  };

  function choose(index: number, by: Chance, fits: (person: Person) => boolean): Person {
    const able = world.people.filter(
      (person) => world.rota.present(person, index) && !world.rota.away(person, index) && fits(person),
    );
    const rested = able.filter(({ name }) => index - (attackedOn.get(name) ?? Number.NEGATIVE_INFINITY) > rest);
    const from = rested.length > 0 ? rested : able;
    if (from.length === 0) throw new NoVictim();
    const chosen = by.pick(from);
    attackedOn.set(chosen.name, index);
    return chosen;
  }
}

/** Takes events away; those that are lost belong to no log, so the label has its time from the loss. */
function lose(
  book: DayBook,
  { label, chance }: Running,
  loss: { service: string; from: number; to: number; kept: number },
): void {
  const { service, from, to, kept } = loss;
  const left = book.told.filter(
    ({ event }) => event.logsource.service !== service || event.time < from || event.time >= to || chance.happens(kept),
  );
  book.told.splice(0, book.told.length, ...left);
  [label.from, label.to] = [from, to];
}

/** Every kind once before any comes twice, spread over the working days after the learning weeks. */
function schedule(world: World, chance: Chance): Map<number, Attack[]> {
  const plan = new Map<number, Attack[]>();
  const first = world.learningWeeks * 7;
  const days = Array.from({ length: Math.max(0, world.days - first) }, (_, n) => first + n).filter(
    (index) => isOpen(world.day(index)) && world.day(index).weekday <= 5,
  );
  if (days.length === 0) return plan;
  const budget = Math.round((perWeek * days.length) / 5);
  const wanted: Attack[] = [];
  while (wanted.length < budget) wanted.push(...chance.shuffled(attacks).slice(0, budget - wanted.length));
  // What needs a day for itself chooses first.
  for (const attack of wanted.sort((one, other) => Number(other.alone ?? false) - Number(one.alone ?? false))) {
    const last = world.days - (attack.days ?? 1);
    const fit = chance.shuffled(days).filter((index) => {
      const others = plan.get(index) ?? [];
      if (index < (attack.earliest ?? 0) || index > last) return false;
      return attack.alone ? others.length === 0 : !others.some(({ alone }) => alone);
    });
    const best = fit.sort((one, other) => (plan.get(one)?.length ?? 0) - (plan.get(other)?.length ?? 0))[0];
    if (best !== undefined) plan.set(best, [...(plan.get(best) ?? []), attack]);
  }
  return plan;
}
