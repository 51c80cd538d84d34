/** What runs without anybody: backups, partners' programs, checks, doors, and what reaches every public server. */
import { officeSpot, type Spot, somewhere } from "./address.ts";
import { isMonthEnd, isOpen } from "./calendar.ts";
import { chanceOf } from "./chance.ts";
import type { DayBook } from "./day-book.ts";
import { abroad, hosting, partners } from "./places.ts";
import type { OnDuty } from "./visits.ts";
import type { World } from "./world.ts";

export const serviceAccounts = {
  backup: { id: "svc-1", name: "svc-backup", agent: "restic/0.17.3", key: "key-backup" },
  laboratory: { id: "svc-2", name: "svc-lab", agent: "lab-bridge/4.2 (python-requests/2.32)", key: "key-lab" },
  clearing: { id: "svc-3", name: "svc-clearing", agent: "ClearingHouse-Connect/9.1", key: "key-clearing" },
  calendar: { id: "svc-4", name: "svc-calendar", agent: "calendar-sync/2.7 node", key: "key-calendar" },
} as const;
export type ServiceAccount = keyof typeof serviceAccounts;

/** Where each service account works from. */
export function serviceSpot(world: World, account: ServiceAccount): Spot {
  if (account === "backup") return officeSpot(world.metro, false);
  return { ip: `${partners[account].blocks[0]}.${20 + (world.seed % 200)}`, place: partners[account] };
}

export function byService(
  world: World,
  book: DayBook,
  account: ServiceAccount,
  draft: { time: number; action: string; category: string; service?: string; attributes?: Record<string, unknown> },
  other: { spot?: Spot; agent?: string; attack?: string } = {},
) {
  const { id, name, agent, key } = serviceAccounts[account];
  return book.add(
    {
      outcome: "success",
      ...draft,
      actor: { id, name, roles: ["service"] },
      spot: other.spot ?? serviceSpot(world, account),
      userAgent: other.agent ?? agent,
      attributes: { "api_key.id": key, ...draft.attributes },
    },
    other.attack,
  );
}

export function writeMachines(world: World, index: number, book: DayBook, onDuty: readonly OnDuty[]): void {
  const day = world.day(index);
  const chance = chanceOf(world.seed, "machines", index);
  const open = isOpen(day);
  for (let at = 0; at < 1_440; at += 5)
    book.add({
      time: day.at(at) + chance.whole(0, 4_000),
      service: "monitor",
      action: "health.check",
      category: "other",
      outcome: "success",
      spot: { ip: `${partners.monitor.blocks[0]}.9`, place: partners.monitor },
      userAgent: "UptimeProbe/2.0",
    });
  const backup = { service: "backup", category: "data" };
  const night = day.at(135) + chance.whole(0, 90_000);
  byService(world, book, "backup", { ...backup, time: night, action: "backup.started" });
  byService(world, book, "backup", {
    ...backup,
    time: night + chance.whole(1_100, 1_900) * 1_000,
    action: "backup.completed",
  });
  for (let at = 3; at < 1_440; at += 15)
    byService(world, book, "calendar", {
      time: day.at(at) + chance.whole(0, 20_000),
      service: "api",
      action: "appointments.synced",
      category: "other",
      attributes: { changed: chance.whole(0, open ? 6 : 1) },
    });
  for (let n = open ? chance.whole(14, 34) : chance.whole(0, 3); n > 0; n--)
    byService(world, book, "laboratory", {
      time: day.at(chance.whole(7 * 60, 19 * 60)) + chance.whole(0, 59_000),
      service: "api",
      action: "result.imported",
      category: "data",
    });
  if (day.weekday >= 1 && day.weekday <= 5)
    for (let n = isMonthEnd(day) ? 30 : 8; n > 0; n--)
      byService(world, book, "clearing", {
        time: day.at(22 * 60 + chance.whole(0, 50)) + chance.whole(0, 59_000),
        service: "api",
        action: "claim.fetched",
        category: "other",
      });
  writeDoors(world, index, book, onDuty);
  writeNoise(world, index, book);
}

/** Badges at the doors, from a system that knows no addresses. */
function writeDoors(world: World, index: number, book: DayBook, onDuty: readonly OnDuty[]): void {
  const day = world.day(index);
  const chance = chanceOf(world.seed, "doors", index);
  for (const { person, duty } of onDuty) {
    if (duty.fromHome && person.laptop) continue;
    for (const minute of [
      duty.from - chance.whole(2, 9),
      duty.lunch + 3,
      duty.lunch + duty.lunchMinutes - 4,
      duty.to + 5,
    ]) {
      const actor = { id: person.id, name: person.name, roles: [world.rota.role(person, index)] };
      const target = { type: "door", id: chance.pick(["staff entrance", "back door"]) };
      const draft = { service: "doors", action: "door.opened", category: "other", outcome: "success" } as const;
      book.add({ ...draft, time: day.at(minute) + chance.whole(0, 50_000), actor, target });
    }
  }
}

/** Probes from the internet: one or two from each of many addresses, and now and then a guess at `admin`. */
function writeNoise(world: World, index: number, book: DayBook): void {
  const day = world.day(index);
  const chance = chanceOf(world.seed, "noise", index);
  for (let n = chance.whole(15, 40); n > 0; n--) {
    const spot = somewhere(chance, chance.pick([...hosting, ...abroad]));
    const path = chance.pick(["/.env", "/wp-login.php", "/robots.txt", "/actuator/health", "/favicon.ico"]);
    book.add({
      time: day.at(chance.whole(0, 1_439)) + chance.whole(0, 59_000),
      service: "web",
      action: "http.request",
      category: "web",
      outcome: "failure",
      spot,
      userAgent: chance.pick(["Mozilla/5.0", "Go-http-client/1.1", "Mozilla/5.0 zgrab/0.x"]),
      http: { method: "GET", path, status: 404, durationMs: chance.whole(1, 9) },
    });
  }
  for (let n = chance.whole(0, 4); n > 0; n--) {
    book.add({
      time: day.at(chance.whole(0, 1_439)),
      service: "auth",
      action: "login",
      category: "authentication",
      outcome: "failure",
      actor: { id: "admin", name: "admin" },
      spot: somewhere(chance, chance.pick([...hosting, ...abroad])),
      userAgent: "python-requests/2.31.0",
      attributes: { reason: "user_not_found" },
    });
  }
}
