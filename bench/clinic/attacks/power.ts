/** Rights that grow, functions that were never theirs, machines that work from elsewhere, logs that fall silent. */
import { somewhere } from "../address.ts";
import { sourceKey } from "../day-book.ts";
import { byService, serviceAccounts } from "../machines.ts";
import { abroad, hosting } from "../places.ts";
import { portalActor } from "../portal.ts";
import { write } from "../sitting.ts";
import { type Attack, blame, isOnDuty, type Stage, workOf } from "./stage.ts";

const minute = 60_000;

export const power: Attack[] = [
  {
    kind: "self_grant",
    clarity: "CLEAR",
    story: "Somebody makes themselves an administrator.",
    write(stage) {
      const { chance, book, label } = stage;
      const person = stage.victim((one) => isOnDuty(stage)(one) && one.role !== "admin");
      const sitting = workOf(stage, person);
      blame(stage, { user: person.name });
      const time = sitting.from + chance.whole(20, 80) * minute;
      const target = { type: "user", id: person.id, name: person.name };
      const draft = {
        service: "admin",
        action: "role.granted",
        category: "authorization",
        outcome: "success",
      } as const;
      write(book, sitting, { ...draft, time, target, attributes: { role: "admin" } }, label.id);
    },
  },
  {
    kind: "admin_function",
    clarity: "CLEAR",
    story: "Somebody of the clinic's floor uses functions of the administration for the first time.",
    write: (stage) =>
      administrate(
        stage,
        ["front_desk", "nurse", "billing", "injector"],
        ["admin.users.listed", "admin.settings.updated", "admin.users.exported"],
      ),
  },
  {
    kind: "admin_function_by_manager",
    clarity: "SUBTLE",
    story: "A manager uses a function of the administration for the first time.",
    write: (stage) => administrate(stage, ["manager"], ["admin.users.listed"]),
  },
  {
    kind: "audit_switched_off",
    clarity: "CLEAR",
    story: "An administrator switches the audit log off.",
    write(stage) {
      const { chance, book, label } = stage;
      const person = stage.victim((one) => isOnDuty(stage)(one) && one.role === "admin");
      const sitting = workOf(stage, person);
      blame(stage, { user: person.name });
      const draft = {
        service: "admin",
        action: "audit.disabled",
        category: "configuration",
        outcome: "success",
      } as const;
      write(book, sitting, { ...draft, time: sitting.from + chance.whole(20, 80) * minute }, label.id);
    },
  },
  {
    kind: "service_elsewhere",
    clarity: "CLEAR",
    story: "A partner's service account works from another country, with another program.",
    write(stage) {
      const { chance, day, world, book, label } = stage;
      const account = chance.pick(["laboratory", "clearing"] as const);
      const spot = somewhere(chance, chance.pick(abroad));
      blame(stage, { user: serviceAccounts[account].name, address: spot.ip });
      let time = day.at(chance.whole(60, 1_300));
      const other = { spot, agent: "curl/8.5.0", attack: label.id };
      for (let n = chance.whole(10, 25); n > 0; n--)
        byService(
          world,
          book,
          account,
          {
            time: (time += chance.whole(5, 40) * 1_000),
            service: "api",
            action: "patients.listed",
            category: "access",
          },
          other,
        );
    },
  },
  {
    kind: "key_shared",
    clarity: "CLEAR",
    story: "A leaked API key is used from more than a dozen rented machines within the hour.",
    write(stage) {
      const { chance, day, world, book, label } = stage;
      let time = day.at(chance.whole(60, 1_300));
      for (let n = chance.whole(13, 22); n > 0; n--) {
        const spot = somewhere(chance, chance.pick(hosting));
        blame(stage, { user: serviceAccounts.calendar.name, address: spot.ip });
        const other = { spot, agent: "Go-http-client/2.0", attack: label.id };
        byService(
          world,
          book,
          "calendar",
          {
            time: (time += chance.whole(40, 150) * 1_000),
            service: "api",
            action: "appointments.synced",
            category: "other",
          },
          other,
        );
      }
    },
  },
  {
    kind: "source_silent",
    clarity: "CLEAR",
    story: "In the middle of a working day a log source says nothing any more.",
    alone: true,
    write: (stage) => quieten(stage, stage.chance.pick(["ehr", "monitor"]), [9.5 * 60, 16.5 * 60], 0),
  },
  {
    kind: "ingest_collapse",
    clarity: "CLEAR",
    story: "At the busiest time one event in twenty arrives of a log source.",
    alone: true,
    write: (stage) => quieten(stage, "ehr", [9 * 60, 13.5 * 60], 0.05),
  },
  {
    kind: "ingest_thinned",
    clarity: "SUBTLE",
    story: "For some hours half of a log source's events are missing.",
    alone: true,
    write: (stage) => quieten(stage, "ehr", [10 * 60, 14 * 60], 0.5),
  },
  {
    kind: "object_sweep",
    clarity: "CLEAR",
    story: "A patient on the portal counts through other patients' records.",
    write(stage) {
      const { chance, day, world, book, label } = stage;
      const patient = chance.pick(world.roster.all);
      const actor = portalActor(patient);
      const spot = somewhere(chance, chance.pick(world.metro.homes));
      blame(stage, { user: actor.name, address: spot.ip });
      let [time, id] = [day.at(chance.whole(60, 1_380)), chance.whole(10_000, 12_000)];
      for (let n = chance.whole(45, 90); n > 0; n--) {
        const found = chance.happens(0.12);
        time += chance.whole(1, 5) * 1_000;
        const target = { type: "patient", id: `p-${++id}`, patientId: `p-${id}` };
        const draft = found
          ? ({ action: "record.read", category: "access", outcome: "success" } as const)
          : ({ action: "access.denied", category: "authorization", outcome: "failure" } as const);
        book.add(
          {
            ...draft,
            time,
            service: "portal",
            actor,
            spot,
            userAgent: "Mozilla/5.0 (X11; Linux x86_64) Firefox/128.0",
            target,
          },
          label.id,
        );
      }
    },
  },
  {
    kind: "web_scan",
    clarity: "CLEAR",
    story: "A scanner tries the usual holes of web applications.",
    write(stage) {
      const { chance, day, book, label } = stage;
      const spot = somewhere(chance, chance.pick(hosting));
      blame(stage, { address: spot.ip });
      let time = day.at(chance.whole(60, 1_380));
      for (let n = chance.whole(60, 140); n > 0; n--) {
        const query = chance.pick([
          "id=1%27%20OR%201%3D1--",
          "q=1%20UNION%20SELECT%20password%20FROM%20users",
          "file=..%2F..%2F..%2Fetc%2Fpasswd",
          "name=%3Cscript%3Ealert(1)%3C%2Fscript%3E",
        ]);
        const http = {
          method: "GET",
          path: chance.pick(["/search", "/api/patients", "/login"]),
          query,
          status: chance.pick([400, 403, 404, 200]),
          durationMs: 12,
        };
        const draft = { service: "web", action: "http.request", category: "web", outcome: "failure" } as const;
        book.add(
          { ...draft, time: (time += chance.whole(1, 4) * 1_000), spot, userAgent: "sqlmap/1.8.4#stable", http },
          label.id,
        );
      }
    },
  },
];

function administrate(stage: Stage, roles: string[], actions: string[]): void {
  const { chance, book, label } = stage;
  const person = stage.victim((one) => isOnDuty(stage)(one) && roles.includes(one.role));
  const sitting = workOf(stage, person);
  blame(stage, { user: person.name });
  let time = sitting.from + chance.whole(15, 60) * minute;
  for (const action of actions) {
    const category = action.endsWith("updated") ? "configuration" : "other";
    write(book, sitting, { time, service: "admin", action, category, outcome: "success" }, label.id);
    time += chance.whole(20, 90) * 1_000;
  }
}

function quieten(stage: Stage, service: string, [from, to]: [number, number], kept: number): void {
  blame(stage, { service: sourceKey(service) });
  stage.lose(service, stage.day.at(from), stage.day.at(to), kept);
}
