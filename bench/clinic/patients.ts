/** Who is treated, by whom, and the visits of each day. New patients come every day. */
import { chanceOf } from "./chance.ts";
import { familyName, firstNames } from "./names.ts";
import type { Person } from "./people.ts";

export interface Patient {
  id: string;
  first: string;
  last: string;
  /** The name of whoever treats them. */
  provider: string;
  /** Specially protected: a known person. */
  vip: boolean;
  /** Works here. */
  employee: boolean;
  /** The family of this member of staff. */
  familyOf?: string;
}

export interface Roster {
  all: Patient[];
  /** By the name of whoever treats them. */
  of: ReadonlyMap<string, Patient[]>;
  byId: ReadonlyMap<string, Patient>;
  /** A patient who comes for the first time. */
  join(provider: Person, purpose: string): Patient;
}

const perProvider = 220;

export function makeRoster(seed: number, staff: readonly Person[]): Roster {
  const providers = staff.filter(({ role }) => role === "doctor" || role === "injector");
  const all: Patient[] = [];
  const of = new Map<string, Patient[]>(providers.map(({ name }) => [name, []]));
  const byId = new Map<string, Patient>();
  let number = 10_000;
  const add = (patient: Omit<Patient, "id">): Patient => {
    number += 1 + chanceOf(seed, "patient number", number).whole(0, 3);
    const made = { id: `p-${number}`, ...patient };
    all.push(made);
    byId.set(made.id, made);
    of.get(made.provider)?.push(made);
    return made;
  };
  const stranger = (provider: Person, ...purpose: (string | number)[]): Omit<Patient, "id"> => {
    const chance = chanceOf(seed, "patient", provider.name, ...purpose);
    return {
      first: chance.pick(firstNames),
      last: familyName(chance),
      provider: provider.name,
      vip: chance.happens(0.006),
      employee: false,
    };
  };
  for (let n = 0; n < perProvider; n++) for (const provider of providers) add(stranger(provider, n));
  const chance = chanceOf(seed, "families");
  for (const person of staff) {
    if (providers.length === 0) break;
    const others = providers.filter((provider) => provider !== person);
    const provider = (): string => chance.pick(others.length > 0 ? others : providers).name;
    if (chance.happens(0.3)) {
      for (let kin = chance.whole(1, 4); kin > 0; kin--)
        add({
          first: chance.pick(firstNames),
          last: person.last,
          provider: provider(),
          vip: false,
          employee: false,
          familyOf: person.name,
        });
    }
    if (chance.happens(0.25))
      add({ first: person.first, last: person.last, provider: provider(), vip: false, employee: true });
  }
  // A few known people, so that there is somebody to be curious about.
  for (let n = 0; n < 5 && providers.length > 0; n++)
    add({ ...stranger(chance.pick(providers), "known person", n), vip: true });
  return { all, of, byId, join: (provider, purpose) => add(stranger(provider, "new", purpose)) };
}
