/** What people do at their machines: each role its own work. */
import { isMonthEnd } from "./calendar.ts";
import { type Chance, chanceOf } from "./chance.ts";
import type { DayBook } from "./day-book.ts";
import type { Patient } from "./patients.ts";
import { logIn, logOut, onRecord, request, write } from "./sitting.ts";
import type { Planned } from "./sittings.ts";
import type { Visit } from "./visits.ts";
import type { World } from "./world.ts";

const minute = 60_000;

export interface DayOfWork {
  sittings: readonly Planned[];
  visits: readonly Visit[];
  /** Patients of the days before, whose bills are being written. */
  recent: readonly Patient[];
}

export function writeWork(world: World, index: number, book: DayBook, today: DayOfWork): void {
  for (const sitting of today.sittings) {
    const { person, purpose } = sitting;
    const chance = chanceOf(world.seed, "work", person.name, index, sitting.from);
    const begin = sitting.goesOn ? sitting.from : logIn(book, sitting, chance, person.typos);
    const does: Hand = { world, index, book, sitting, chance, begin, today };
    if (purpose === "WORK") workOf[sitting.role]?.(does);
    else if (purpose === "NOTES") notes(does);
    else if (purpose === "CALL") call(does);
    else glance(does);
    const requests = ((sitting.to - begin) / minute) * (purpose === "WORK" ? 0.11 : 0.3);
    for (let n = chance.whole(0, Math.ceil(requests * 1.5)); n > 0; n--) request(book, sitting, during(does), chance);
    if (chance.happens(purpose === "GLANCE" ? 0.3 : 0.7)) logOut(book, sitting);
  }
}

interface Hand {
  world: World;
  index: number;
  book: DayBook;
  sitting: Planned;
  chance: Chance;
  /** When the log-in was done. */
  begin: number;
  today: DayOfWork;
}

const during = ({ sitting, chance, begin }: Hand): number =>
  begin + chance.next() * Math.max(0, sitting.to - begin - 1);
/** So many times, by chance, over the sitting; `perDay` is meant for eight hours. */
const times = ({ sitting, chance, begin }: Hand, perDay: number): number => {
  const part = Math.max(0, sitting.to - begin) / (480 * minute);
  return Math.max(0, Math.round(chance.normal(perDay * part * sitting.person.pace, Math.sqrt(perDay * part) * 0.6)));
};
const some = ({ world, chance }: Hand): Patient => chance.pick(world.roster.all);

/** The visits in which the person has a part and which fall into the sitting. */
function own(hand: Hand, part: "provider" | "nurse" | "desk"): Visit[] {
  const { sitting, today } = hand;
  return today.visits.filter((visit) => {
    const at = sitting.day.at(visit.at);
    return visit[part] === sitting.person && at >= hand.begin && at < sitting.to - 2 * minute;
  });
}

const workOf: Record<string, (hand: Hand) => void> = {
  front_desk(hand) {
    const { book, sitting, chance } = hand;
    for (const visit of own(hand, "desk")) {
      const at = sitting.day.at(visit.at) - chance.whole(2, 9) * minute;
      if (chance.happens(0.5)) search(hand, at - 20_000);
      if (visit.isNew) onRecord(book, sitting, at - 5_000, "patient.created", visit.patient, { category: "data" });
      onRecord(book, sitting, at, "record.read", visit.patient);
      const checkIn = { category: "data", type: "appointment" };
      onRecord(book, sitting, at + 40_000, "appointment.updated", visit.patient, checkIn);
    }
    for (let n = times(hand, 24); n > 0; n--) {
      const [at, patient] = [during(hand), some(hand)];
      search(hand, at);
      onRecord(book, sitting, at + chance.whole(5, 30) * 1_000, "record.read", patient);
      const booking = { category: "data", type: "appointment", attributes: { provider: patient.provider } };
      onRecord(book, sitting, at + chance.whole(40, 160) * 1_000, "appointment.created", patient, booking);
    }
    for (let n = times(hand, 5); n > 0; n--)
      onRecord(book, sitting, during(hand), "record.print", some(hand), { category: "data", type: "form" });
  },
  nurse(hand) {
    treat(hand, "nurse");
    for (let n = times(hand, 6); n > 0; n--)
      onRecord(hand.book, hand.sitting, during(hand), "result.read", colleague(hand));
  },
  injector(hand) {
    treat(hand, "provider");
    for (let n = times(hand, 4); n > 0; n--) plan(hand, during(hand));
  },
  doctor(hand) {
    treat(hand, "provider");
    for (let n = times(hand, 7); n > 0; n--) plan(hand, during(hand));
  },
  billing(hand) {
    const { book, sitting, chance, today } = hand;
    const busy = isMonthEnd(sitting.day) ? 2.4 : 1;
    for (let n = times(hand, 42 * busy); n > 0; n--) {
      const at = during(hand);
      const patient = today.recent.length > 0 ? chance.pick(today.recent) : some(hand);
      onRecord(book, sitting, at, "invoice.read", patient, { type: "invoice" });
      if (chance.happens(0.6))
        onRecord(book, sitting, at + chance.whole(30, 200) * 1_000, "invoice.updated", patient, {
          category: "data",
          type: "invoice",
        });
      if (chance.happens(0.12)) onRecord(book, sitting, at + 15_000, "record.read", patient);
    }
    if (sitting.day.weekday === 5 || busy > 1) exported(hand, "claims", busy > 1 ? [250, 700] : [60, 180], 0.6);
  },
  manager(hand) {
    const { book, sitting, chance } = hand;
    for (let n = times(hand, 14); n > 0; n--) {
      const target = { type: "report", id: chance.pick(["occupancy", "revenue", "stock", "reviews"]) };
      write(book, sitting, {
        time: during(hand),
        action: "report.viewed",
        category: "other",
        outcome: "success",
        target,
      });
    }
    for (let n = times(hand, 6); n > 0; n--) onRecord(book, sitting, during(hand), "record.read", some(hand));
    for (let n = times(hand, 3); n > 0; n--) {
      const target = { type: "rota", id: `week-${Math.floor(hand.index / 7)}` };
      write(book, sitting, {
        time: during(hand),
        action: "rota.updated",
        category: "other",
        outcome: "success",
        target,
      });
    }
    if (sitting.day.weekday === 1) exported(hand, "visits of the week", [120, 320], 0.5);
  },
  admin(hand) {
    const { book, sitting, chance } = hand;
    for (let n = times(hand, 10); n > 0; n--) {
      const action = chance.pick([
        "admin.users.listed",
        "admin.audit.viewed",
        "admin.devices.listed",
        "admin.jobs.viewed",
      ]);
      write(book, sitting, { time: during(hand), service: "admin", action, category: "other", outcome: "success" });
    }
    for (let n = times(hand, 1.5); n > 0; n--) {
      const target = { type: "setting", id: chance.pick(["reminders", "opening-hours", "printers", "templates"]) };
      const draft = {
        service: "admin",
        action: "admin.settings.updated",
        category: "configuration",
        outcome: "success",
      } as const;
      write(book, sitting, { ...draft, time: during(hand), target });
    }
  },
};

function search({ book, sitting, chance }: Hand, time: number): void {
  const attributes = { results: chance.whole(1, 6) };
  write(book, sitting, { time, action: "patient.search", category: "access", outcome: "success", attributes });
}

/** The chart before and during a visit, pictures, and the note after it. */
function treat(hand: Hand, part: "provider" | "nurse"): void {
  const { book, sitting, chance } = hand;
  for (const visit of own(hand, part)) {
    const at = sitting.day.at(visit.at);
    onRecord(book, sitting, at - chance.whole(0, 90) * 1_000, "record.read", visit.patient);
    if (chance.happens(0.5)) onRecord(book, sitting, at + 3 * minute, "photo.read", visit.patient, { type: "photo" });
    if (part === "provider" || chance.happens(0.7))
      onRecord(book, sitting, at + chance.whole(9, 24) * minute, "record.update", visit.patient, {
        category: "data",
        type: "note",
      });
    if (chance.happens(0.05))
      onRecord(book, sitting, at + chance.whole(20, 26) * minute, "record.print", visit.patient, {
        category: "data",
        type: "form",
      });
  }
}

/** Looks ahead at a patient of one's own; rarely covers for a colleague, outside the care relationship. */
function plan(hand: Hand, time: number): void {
  const { book, sitting, chance, world } = hand;
  if (chance.happens(0.02)) {
    onRecord(book, sitting, time, "record.read", some(hand), { cares: false });
    return;
  }
  const mine = world.roster.of.get(sitting.person.name) ?? [];
  if (mine.length > 0) onRecord(book, sitting, time, "record.read", chance.pick(mine));
}

function colleague({ today, world, chance }: Hand): Patient {
  return today.visits.length > 0 ? chance.pick(today.visits).patient : chance.pick(world.roster.all);
}

function exported(hand: Hand, what: string, [least, most]: [number, number], likely: number): void {
  const { book, sitting, chance } = hand;
  if (!chance.happens(likely)) return;
  const attributes = { count: chance.whole(least, most), format: "csv" };
  const target = { type: "report", id: what };
  const draft = { action: "record.export", category: "data", outcome: "success" } as const;
  write(book, sitting, { ...draft, time: during(hand), target, attributes });
}

/** Notes of the day, written at home. */
function notes(hand: Hand): void {
  const { book, sitting, chance, today } = hand;
  const seen = today.visits.filter((visit) => visit.provider === sitting.person).map(({ patient }) => patient);
  for (let n = chance.whole(2, 8); n > 0; n--) {
    const at = during(hand);
    if (sitting.role === "manager" || sitting.role === "admin" || sitting.role === "billing" || seen.length === 0) {
      const target = { type: "report", id: "occupancy" };
      write(book, sitting, { time: at, action: "report.viewed", category: "other", outcome: "success", target });
      continue;
    }
    const patient = chance.pick(seen);
    onRecord(book, sitting, at, "record.read", patient);
    onRecord(book, sitting, at + 50_000, "record.update", patient, { category: "data", type: "note" });
  }
}

/** A patient calls at night. */
function call(hand: Hand): void {
  const { book, sitting, chance, world } = hand;
  const patient = chance.pick(world.roster.all);
  onRecord(book, sitting, during(hand), "record.read", patient);
  onRecord(book, sitting, sitting.to - 30_000, "record.update", patient, { category: "data", type: "note" });
}

/** The rota, the messages. */
function glance(hand: Hand): void {
  for (let n = hand.chance.whole(1, 5); n > 0; n--) {
    const target = { type: hand.chance.pick(["rota", "messages"]), id: "own" };
    const draft = { action: "messages.read", category: "other", outcome: "success" } as const;
    write(hand.book, hand.sitting, { ...draft, time: during(hand), target });
  }
}
