/** What the administrator does when people join or change role. */
import { chanceOf } from "./chance.ts";
import type { DayBook } from "./day-book.ts";
import { write } from "./sitting.ts";
import type { Planned } from "./sittings.ts";
import type { World } from "./world.ts";

export function writeManagement(world: World, index: number, book: DayBook, sittings: readonly Planned[]): void {
  const { newcomer, mover } = world.rota;
  const chance = chanceOf(world.seed, "management", index);
  const desk = sittings.find(({ role, purpose }) => role === "admin" && purpose === "WORK");
  if (!desk) return;
  const time = desk.from + chance.whole(20, 90) * 60_000;
  const one = { service: "admin", outcome: "success" } as const;
  if (newcomer && index === previousWorkday(world, newcomer.day)) {
    const { person } = newcomer;
    const target = { type: "user", id: person.id, name: person.name };
    write(book, desk, { ...one, time, action: "user.created", category: "configuration", target });
    const attributes = { role: person.role };
    write(book, desk, {
      ...one,
      time: time + 60_000,
      action: "role.granted",
      category: "authorization",
      target,
      attributes,
    });
  }
  if (mover && index === previousWorkday(world, mover.day)) {
    const { person, role } = mover;
    const target = { type: "user", id: person.id, name: person.name };
    const attributes = { role };
    write(book, desk, { ...one, time, action: "role.granted", category: "authorization", target, attributes });
  }
}

/** The Friday before the Monday on which something begins. */
function previousWorkday(world: World, day: number): number {
  let index = day - 1;
  while (index > 0 && [0, 6].includes(world.day(index).weekday)) index--;
  return index;
}
