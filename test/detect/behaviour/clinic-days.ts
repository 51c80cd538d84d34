/**
 * A clinic day by day for tests of how much: people of roles with patients of the day. Times are minutes after midnight of
 * a day, days are counted from Monday 2026-01-05, in America/Chicago.
 */
import type { SecurityEvent } from "../../../src/ingest/event.ts";
import { seededRandom } from "../../generate/random.ts";
import { type EventWish, event } from "../rules.ts";

export const monday = Date.UTC(2026, 0, 5, 6); // midnight in Chicago, in winter
const dayMs = 86_400_000;

export interface Person {
  name: string;
  role?: string;
}

export const ann: Person = { name: "Ann Carter", role: "nurse" };

/** An event of a day (0: Monday 2026-01-05) and a minute of it. */
export function at(day: number, minute: number, wish: EventWish): SecurityEvent {
  const time = monday + day * dayMs + Math.round(minute * 60_000);
  return { ...event({ category: "ACCESS", outcome: "SUCCESS", ...wish }), time, receivedAt: time + 2_000 };
}

export function opens(who: Person, patient: string, day: number, minute: number, wish: EventWish = {}): SecurityEvent {
  return at(day, minute, {
    action: "record.read",
    logsource: { product: "clinic", service: "app" },
    actor: { name: who.name, ...(who.role ? { roles: [who.role] } : {}) },
    target: { type: "chart", id: `c-${patient}`, patientId: patient },
    ...wish,
  });
}

/** A visit of the patient on the day, as the scheduling program tells it. */
export function visit(patient: string, day: number, minute = 420): SecurityEvent {
  return at(day, minute, {
    action: "appointment.created",
    category: "DATA",
    logsource: { product: "clinic", service: "app" },
    actor: { name: "Rita Fox", roles: ["reception"] },
    target: { type: "appointment", id: `a-${patient}`, patientId: patient },
  });
}

export interface DayWish {
  /** How many patients. */
  patients: number;
  /** From which minute, and over how many. */
  from?: number;
  over?: number;
  /** Begins the patients' ids; those of different days differ. */
  of?: string;
  wish?: EventWish;
}

/** A day of work: patients one after the other. */
export function workDay(who: Person, day: number, { patients, from = 480, over = 480, of = "p", wish }: DayWish) {
  return Array.from({ length: patients }, (_, n) =>
    opens(who, `${of}-${day}-${n}`, day, from + (n * over) / patients, wish),
  );
}

export function isWorkday(day: number): boolean {
  return day % 7 < 5;
}

/** Workdays with so many patients, by day. */
export function workDays(
  who: Person,
  from: number,
  to: number,
  patients: (day: number) => number,
  wish: Partial<DayWish> = {},
) {
  const events: SecurityEvent[] = [];
  for (let day = from; day < to; day++)
    if (isWorkday(day)) events.push(...workDay(who, day, { ...wish, patients: patients(day) }));
  return events;
}

/** By the date in Chicago. */
export function dateOf(day: number): number {
  return new Date(monday + day * dayMs + 12 * 3_600_000).getUTCDate();
}

export function dayOfDate(month: number, date: number): number {
  return Math.round((Date.UTC(2026, month - 1, date, 6) - monday) / dayMs);
}

const surnames = "Garcia Smith Nguyen Patel Kim Brown Lopez Martin Young Reed Cole Hart Fox Wood Lane Nash".split(" ");
const givens = "Ana Ben Cara Dan Eva Finn Gia Hal Ida Jon Kai Lea".split(" ");

/** So many weeks of a whole clinic: reception books, nurses and doctors see who comes, billing works at the month's turn. */
export function clinicWeeks(seed: number, weeks: number, holidays: readonly number[] = []): SecurityEvent[] {
  const random = seededRandom(seed);
  const pick = (count: number) => Math.floor(random() * count);
  const staff = (role: string, names: string[]) => names.map((name) => ({ name, role }));
  const reception = staff("reception", ["Rita Fox", "Rob Lane", "Rae Moss"]);
  const nurses = staff("nurse", ["Ann Carter", "Nora Hill", "Nick Ross", "Nia Webb", "Noel Park", "Nell Shaw"]);
  const doctors = staff("provider", ["Dora Wells", "Dean Burke", "Dina Marsh", "Doug Stone", "Dee Frost"]);
  const billing = staff("billing", ["Bill Gray", "Bea Long"]);
  const seed16 = (id: number) => (id * 2_654_435_761) >>> 0;
  const known = (id: number) => ({
    patientId: `pat-${id}`,
    name: `${givens[seed16(id) % 12]} ${surnames[(seed16(id) >>> 8) % (id % 3 === 0 ? 4 : 16)]}`,
  });
  const events: SecurityEvent[] = [];
  const does = (
    who: Person,
    id: number,
    day: number,
    minute: number,
    action: string,
    category: SecurityEvent["category"] = "ACCESS",
  ) => {
    const { patientId, name } = known(id);
    events.push(
      at(day, minute, {
        action,
        category,
        logsource: { product: "clinic", service: "app" },
        actor: { name: who.name, roles: [who.role ?? ""] },
        target: { type: "patient", id: patientId, name, patientId },
      }),
    );
  };
  let newest = 1_500;
  for (let day = 0; day < weeks * 7; day++) {
    if (holidays.includes(day)) continue;
    const weekday = day % 7;
    if (weekday === 6) continue;
    const busy = weekday === 0 ? 1.4 : weekday === 5 ? 0.4 : 1;
    const visits = Math.round((55 + pick(25)) * busy);
    for (let n = 0; n < visits; n++) {
      const id = random() < 0.15 ? newest++ : pick(1_500);
      const minute = 480 + (n * 560) / visits + pick(10);
      const desk = reception[pick(3)] as Person;
      const nurse = nurses[(n + day) % (weekday === 5 ? 2 : 6)] as Person;
      const doctor = doctors[(n + day) % (weekday === 5 ? 2 : 5)] as Person;
      if (random() < 0.9) does(desk, id, day, minute - 5, "patient.check-in", "DATA");
      does(desk, id, day, minute - 4, "record.read");
      for (let each = 0; each < 2 + pick(3); each++) does(nurse, id, day, minute + each * 3, "record.read");
      for (let each = 0; each < 1 + pick(4); each++) does(doctor, id, day, minute + 15 + each * 2, "record.read");
      does(doctor, id, day, minute + 25, "note.create", "DATA");
      if (random() < 0.4) does(desk, id, day, minute + 30, "payment.take", "DATA");
    }
    // Telephone: patients who are not there.
    for (let n = 0; n < 3 + pick(8); n++)
      does(reception[pick(3)] as Person, pick(1_500), day, 500 + pick(480), "record.read");
    for (const who of nurses) if (random() < 0.5) does(who, pick(1_500), day, 600 + pick(300), "record.read");
    const turn = dateOf(day) >= 28 || dateOf(day) <= 3;
    for (const who of billing) {
      if (weekday === 5 || random() < 0.08) continue;
      const bills = (turn ? 70 : 25) + pick(15);
      for (let n = 0; n < bills; n++) {
        does(who, pick(1_500), day, 490 + (n * 470) / bills, "record.read");
        does(who, pick(1_500), day, 491 + (n * 470) / bills, "invoice.create", "DATA");
      }
      if (turn && random() < 0.5) does(who, pick(1_500), day, 900, "statement.export", "DATA");
    }
  }
  return events.sort((one, other) => one.time - other.time);
}
