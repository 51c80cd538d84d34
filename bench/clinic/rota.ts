/** Who is on duty when: shifts, holidays, sickness, conferences, who joins, who comes back, who changes role. */
import { type Day, isOpen } from "./calendar.ts";
import { chanceOf } from "./chance.ts";
import type { Person, Role } from "./people.ts";
import { conferences, type Place, resorts } from "./places.ts";

export interface Rota {
  /** Undefined: not at work on that day. */
  duty(person: Person, day: Day): Duty | undefined;
  /** Where somebody is who is away from the metro; undefined: at home. */
  away(person: Person, day: number): { place: Place; why: "holiday" | "conference" } | undefined;
  role(person: Person, day: number): Role;
  /** Whether the person has an account that is in use on that day: has joined, is not on leave. */
  present(person: Person, day: number): boolean;
  /** Whose telephone is called on the night after that day. */
  onCall(day: Day): Person | undefined;
  /** The day on which somebody joins, and who; the other stories alike. */
  newcomer: { person: Person; day: number } | undefined;
  returner: { person: Person; from: number; to: number } | undefined;
  mover: { person: Person; day: number; role: Role } | undefined;
}

export interface Duty {
  /** Minutes after midnight. */
  from: number;
  to: number;
  lunch: number;
  lunchMinutes: number;
  fromHome: boolean;
}

export function makeRota(seed: number, staff: readonly Person[], weeks: number): Rota {
  const chance = chanceOf(seed, "rota");
  const days = weeks * 7;
  const stories = chance.shuffled(staff.filter(({ vpn }) => !vpn));
  const take = (fits: (person: Person) => boolean): Person | undefined => {
    const same = (person: Person) => staff.filter(({ role }) => role === person.role).length > 1;
    const place = stories.findIndex((person) => fits(person) && same(person));
    return place < 0 ? undefined : stories.splice(place, 1)[0];
  };
  const long = weeks >= 4;
  // Not everything happens in every six weeks of a small clinic.
  const joins = long && chance.happens(0.7) ? take(({ role }) => role === "nurse" || role === "front_desk") : undefined;
  const returns = long && chance.happens(0.5) ? take(({ role }) => role === "nurse" || role === "injector") : undefined;
  const moves = long && chance.happens(0.5) ? take(({ role }) => role === "front_desk") : undefined;
  const speaks = chance.happens(0.1 * weeks) ? take(({ role }) => role === "doctor" || role === "injector") : undefined;
  const newcomer = joins && { person: joins, day: (weeks - 3) * 7 };
  const returner = returns && { person: returns, from: 2, to: (weeks - 1) * 7 };
  const mover = moves && { person: moves, day: (weeks - 2) * 7, role: "billing" as const };
  const talkWeek = chance.whole(1, Math.max(1, weeks - 1));
  const talk = speaks && {
    person: speaks,
    from: talkWeek * 7 + 1,
    to: talkWeek * 7 + 4,
    place: chance.pick(conferences),
  };

  // A week off for about one in six, half of them somewhere else; and a few days of sickness.
  const off = new Map<string, { from: number; to: number; place: Place | undefined }>();
  const sick = new Map<string, Set<number>>();
  for (const person of staff) {
    const own = chanceOf(seed, "absence", person.name);
    if (person !== talk?.person && own.happens(0.028 * weeks)) {
      const from = own.whole(0, weeks - 1) * 7;
      off.set(person.name, { from, to: from + 6, place: own.happens(0.5) ? own.pick(resorts) : undefined });
    }
    const ill = new Set<number>();
    for (let day = 0; day < days; day++)
      if (own.happens(0.008)) for (let n = own.whole(1, 3); n > 0; n--) ill.add(day + n - 1);
    sick.set(person.name, ill);
  }
  const watch = staff.filter((person) => person.onCall && person !== joins && person !== returns);
  const within = (day: number, span: { from: number; to: number } | undefined): boolean =>
    span !== undefined && day >= span.from && day <= span.to;

  const rota: Rota = {
    newcomer,
    returner,
    mover,
    present: (person, day) =>
      !(newcomer && person === newcomer.person && day < newcomer.day) &&
      !(returner && person === returner.person && day >= returner.from && day < returner.to),
    away(person, day) {
      if (talk && person === talk.person && within(day, talk)) return { place: talk.place, why: "conference" };
      const holiday = off.get(person.name);
      return holiday?.place && within(day, holiday) ? { place: holiday.place, why: "holiday" } : undefined;
    },
    role: (person, day) => (mover && person === mover.person && day >= mover.day ? mover.role : person.role),
    duty(person, day) {
      const works = day.weekday === 6 ? onSaturday(person, day) : person.days.has(day.weekday);
      if (!works || !isOpen(day) || !rota.present(person, day.index)) return undefined;
      if (within(day.index, off.get(person.name)) || rota.away(person, day.index)) return undefined;
      if (sick.get(person.name)?.has(day.index)) return undefined;
      const own = chanceOf(seed, "shift", person.name, day.index);
      const begins = own.normal(person.start, person.startDeviation);
      const late = day.weekday === person.lateDay;
      const from = late ? begins + 210 : day.weekday === 6 ? Math.max(begins, 530) : begins;
      const length = own.normal(day.weekday === 6 ? 300 : person.length, 14);
      return {
        from,
        to: from + length,
        lunch: own.normal(late ? person.lunch + 210 : person.lunch, 9),
        lunchMinutes: own.whole(28, 58),
        fromHome: person.homeDays.has(day.weekday),
      };
    },
    onCall: (day) => watch[Math.floor(day.index / 2) % Math.max(1, watch.length)],
  };
  return rota;
}

function onSaturday({ saturday }: Person, day: Day): boolean {
  return saturday.every > 0 && Math.floor(day.index / 7) % saturday.every === saturday.turn % saturday.every;
}
