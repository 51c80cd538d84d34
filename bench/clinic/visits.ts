/** The visits of a day: who comes when, to whom, and which nurse and which desk see to them. */
import type { Chance } from "./chance.ts";
import { chanceOf } from "./chance.ts";
import type { Patient } from "./patients.ts";
import type { Person } from "./people.ts";
import type { Duty } from "./rota.ts";
import type { World } from "./world.ts";

export interface Visit {
  /** Minutes after midnight. */
  at: number;
  patient: Patient;
  provider: Person;
  nurse: Person | undefined;
  desk: Person | undefined;
  isNew: boolean;
}

export interface OnDuty {
  person: Person;
  duty: Duty;
}

export function visitsOf(world: World, day: number, onDuty: readonly OnDuty[]): Visit[] {
  const chance = chanceOf(world.seed, "visits", day);
  const at = (minute: number, ...wanted: string[]): Person[] =>
    onDuty
      .filter(({ person, duty }) => wanted.includes(world.rota.role(person, day)) && covers(duty, minute))
      .map(({ person }) => person);
  const visits: Visit[] = [];
  for (const { person: provider, duty } of onDuty) {
    if (provider.role !== "doctor" && provider.role !== "injector") continue;
    const slot = provider.role === "doctor" ? 34 : 38;
    for (let minute = duty.from + 25; minute < duty.to - 40; minute += chance.normal(slot / provider.pace, 4)) {
      if (!covers(duty, minute) || !covers(duty, minute + 15) || chance.happens(0.1)) continue;
      const isNew = chance.happens(0.1);
      const patient = isNew
        ? world.roster.join(provider, `${day}/${Math.round(minute)}`)
        : someOf(world, chance, provider);
      const desks = at(minute, "front_desk");
      const nurses = at(minute, "nurse");
      visits.push({
        at: minute,
        patient,
        provider,
        nurse: usual(nurses, provider, chance),
        desk: desks.length > 0 ? chance.pick(desks) : undefined,
        isNew,
      });
    }
  }
  return visits.sort((one, other) => one.at - other.at);
}

/** At work and not at lunch. */
export function covers({ from, to, lunch, lunchMinutes }: Duty, minute: number): boolean {
  return minute >= from + 4 && minute < to && !(minute >= lunch && minute < lunch + lunchMinutes);
}

/** Mostly one's own patients; now and then one of a colleague who is away or full. */
function someOf(world: World, chance: Chance, provider: Person): Patient {
  const own = world.roster.of.get(provider.name) as Patient[];
  return chance.happens(0.93) || own.length === 0 ? chance.pick(own) : chance.pick(world.roster.all);
}

/** Nurses work mostly with the same providers. */
function usual(nurses: readonly Person[], provider: Person, chance: Chance): Person | undefined {
  if (nurses.length === 0) return undefined;
  const fixed = nurses[Number(provider.id.slice(2)) % nurses.length];
  return chance.happens(0.8) ? fixed : chance.pick(nurses);
}
