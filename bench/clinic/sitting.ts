/** A sitting: one person at one machine from one moment to another, in one session. And what it says to the log. */
import type { Spot } from "./address.ts";
import type { Day } from "./calendar.ts";
import type { Chance } from "./chance.ts";
import type { DayBook, Draft } from "./day-book.ts";
import type { Device } from "./devices.ts";
import type { ClinicEvent } from "./event.ts";
import type { Patient } from "./patients.ts";
import type { Person, Role } from "./people.ts";

export interface Sitting {
  person: Pick<Person, "id" | "name" | "last" | "email">;
  role: Role;
  day: Day;
  /** Epoch ms. */
  from: number;
  to: number;
  spot(time: number): Spot;
  device: Pick<Device, "id">;
  agent: string;
  sessionId: string;
}

const second = 1_000;

/** Writes what happens in a sitting. */
export function write(
  book: DayBook,
  sitting: Sitting,
  draft: Omit<Draft, "actor" | "spot" | "userAgent" | "device" | "sessionId">,
  attack?: string,
): ClinicEvent {
  const { person, role, device, agent, sessionId } = sitting;
  return book.add(
    {
      ...draft,
      actor: { id: person.id, name: person.name, email: person.email, roles: [role] },
      spot: sitting.spot(draft.time),
      userAgent: agent,
      device: device.id,
      sessionId,
    },
    attack,
  );
}

/** A log-in with its slips of the finger and its second factor; rarely the password is forgotten altogether. */
export function logIn(book: DayBook, sitting: Sitting, chance: Chance, typos: number, attack?: string): number {
  let time = sitting.from;
  const one = { service: "auth", category: "authentication" } as const;
  const fail = (): void => {
    const attributes = { reason: "wrong_password" };
    write(book, sitting, { ...one, time, action: "login", outcome: "failure", attributes }, attack);
    time += chance.whole(6, 25) * second;
  };
  if (chance.happens(typos))
    for (
      let n = chance.weighted([
        [1, 7],
        [2, 2],
        [3, 1],
      ]);
      n > 0;
      n--
    )
      fail();
  if (chance.happens(0.004)) {
    for (let n = 0; n < 3; n++) fail();
    write(book, sitting, { ...one, time, action: "password.reset.requested", outcome: "success" }, attack);
    time += chance.whole(60, 240) * second;
    write(book, sitting, { ...one, time, action: "password.reset.completed", outcome: "success" }, attack);
    time += 20 * second;
  }
  write(book, sitting, { ...one, time, action: "login", outcome: "success" }, attack);
  time += chance.whole(5, 20) * second;
  write(book, sitting, { ...one, time, action: "mfa.challenge", outcome: "success" }, attack);
  return time;
}

export function logOut(book: DayBook, sitting: Sitting, attack?: string): void {
  const one = { service: "auth", category: "authentication", action: "logout", outcome: "success" } as const;
  write(book, sitting, { ...one, time: sitting.to }, attack);
}

/** Something done with a patient's record, and sometimes the request beneath it. */
export function onRecord(
  book: DayBook,
  sitting: Sitting,
  time: number,
  action: string,
  patient: Patient,
  more: { category?: string; type?: string; cares?: boolean; attributes?: Record<string, unknown> } = {},
  attack?: string,
): ClinicEvent {
  const { category = "access", type = "patient", cares = true } = more;
  return write(
    book,
    sitting,
    {
      time,
      action,
      category,
      outcome: "success",
      target: {
        type,
        id: type === "patient" ? patient.id : `${type}-${patient.id}`,
        name: `${patient.first} ${patient.last}`,
        patientId: patient.id,
      },
      attributes: {
        care_relationship: cares,
        "patient.last_name": patient.last,
        "user.last_name": sitting.person.last,
        ...(patient.vip ? { "patient.vip": true } : {}),
        ...(patient.employee ? { "patient.employee": true } : {}),
        ...more.attributes,
      },
    },
    attack,
  );
}

const paths = ["/api/schedule", "/api/patients", "/api/notes", "/api/messages", "/api/inventory", "/api/tasks"];

export function request(book: DayBook, sitting: Sitting, time: number, chance: Chance): void {
  const status = chance.weighted([
    [200, 968],
    [304, 20],
    [404, 8],
    [500, 2],
    [403, 2],
  ] as const);
  const http = { method: "GET", path: chance.pick(paths), status, durationMs: chance.whole(8, 420) };
  const outcome = status < 400 ? "success" : "failure";
  write(book, sitting, { time, service: "web", action: "http.request", category: "web", outcome, http });
}
