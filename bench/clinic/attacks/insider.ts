/** Staff who look at, take or destroy what is none of their business. */
import { homeSpot } from "../address.ts";
import { makeDevice } from "../devices.ts";
import type { Patient } from "../patients.ts";
import type { Person } from "../people.ts";
import { logIn, onRecord, type Sitting, write } from "../sitting.ts";
import { type Attack, blame, cares, intruder, isOnDuty, NoVictim, read, type Stage, workOf } from "./stage.ts";

const minute = 60_000;
const clinical = ({ role }: Person): boolean => role === "doctor" || role === "injector" || role === "nurse";

/** Reads so many records at work, over so many minutes. */
function readAtWork(
  stage: Stage,
  fits: (person: Person) => boolean,
  patients: (person: Person) => Patient[],
  minutes: number,
  treats?: boolean,
) {
  const { chance } = stage;
  const person = stage.victim((one) => isOnDuty(stage)(one) && fits(one) && patients(one).length > 0);
  const sitting = workOf(stage, person);
  blame(stage, { user: person.name });
  const length = Math.min(minutes, (sitting.to - sitting.from) / minute - 25);
  const list = patients(person);
  const begin =
    sitting.from +
    chance.whole(15, Math.max(16, Math.floor((sitting.to - sitting.from) / minute - length - 8))) * minute;
  list.forEach((patient, n) => {
    const time = begin + ((n + chance.next() * 0.8) / list.length) * length * minute;
    read(stage, sitting, person, time, patient, treats ?? cares(person, patient));
  });
}

const some = ({ chance, world }: Stage, count: number, fits: (patient: Patient) => boolean = () => true): Patient[] =>
  chance.shuffled(world.roster.all.filter(fits)).slice(0, count);

export const insider: Attack[] = [
  {
    kind: "night_mass_access",
    clarity: "CLEAR",
    story: "In the middle of the night a member of staff opens records by the hundred, from home.",
    write(stage) {
      const { chance, day, world } = stage;
      const person = stage.victim(
        (one) => one.role === "front_desk" || one.role === "billing" || one.role === "injector",
      );
      const spot = homeSpot(world.seed, person.home, stage.index);
      const machine = person.laptop ?? makeDevice(world.seed, "laptop", `own-${person.name}`);
      const from = day.at(chance.whole(75, 200));
      const sitting = { ...intruder(stage, person, spot, from), device: machine, agent: machine.agent(stage.index) };
      blame(stage, { user: person.name });
      let time = logIn(stage.book, sitting, chance, 0, stage.label.id);
      for (const patient of some(stage, chance.whole(130, 220)))
        read(stage, sitting, person, (time += chance.whole(8, 18) * 1_000), patient);
    },
  },
  {
    kind: "known_people_snooping",
    clarity: "CLEAR",
    story: "A member of staff who treats none of them opens the records of several known people within the hour.",
    write: (stage) =>
      readAtWork(
        stage,
        ({ role }) => role === "front_desk" || role === "nurse" || role === "billing",
        (one) => some(stage, stage.chance.whole(4, 6), ({ vip, provider }) => vip && provider !== one.name),
        30,
      ),
  },
  {
    kind: "one_known_person",
    clarity: "SUBTLE",
    story: "A member of staff opens the record of one known person.",
    write: (stage) =>
      readAtWork(
        stage,
        clinical,
        (one) => some(stage, 1, ({ vip, provider }) => vip && provider !== one.name),
        10,
        false,
      ),
  },
  {
    kind: "family_snooping",
    clarity: "CLEAR",
    story: "A member of staff opens the records of their whole family, one after the other.",
    write: (stage) =>
      readAtWork(
        stage,
        () => true,
        (one) => {
          const kin = stage.world.roster.all.filter(({ familyOf }) => familyOf === one.name);
          return kin.length >= 2 ? [...kin, ...kin] : [];
        },
        25,
        false,
      ),
  },
  {
    kind: "colleagues_snooping",
    clarity: "CLEAR",
    story: "A member of staff opens the patient records of several colleagues.",
    write: (stage) =>
      readAtWork(
        stage,
        () => true,
        (one) => some(stage, 5, ({ employee, provider }) => employee && provider !== one.name),
        35,
        false,
      ),
  },
  {
    kind: "outside_care",
    clarity: "CLEAR",
    story: "A clinician opens a dozen records of patients whom they do not treat within the hour.",
    write: (stage) =>
      readAtWork(
        stage,
        clinical,
        (one) => some(stage, stage.chance.whole(10, 16), ({ provider }) => provider !== one.name),
        40,
        false,
      ),
  },
  {
    kind: "outside_care_now_and_then",
    clarity: "SUBTLE",
    story: "A clinician opens two records of patients whom they do not treat, every day for a week.",
    days: 5,
    write: (stage) =>
      readAtWork(stage, clinical, (one) => some(stage, 2, ({ provider }) => provider !== one.name), 60, false),
  },
  {
    kind: "registry_export",
    clarity: "CLEAR",
    story: "Somebody whose work knows no exports takes out the whole registry.",
    write(stage) {
      const { chance, world } = stage;
      const person = stage.victim((one) => isOnDuty(stage)(one) && (one.role === "front_desk" || clinical(one)));
      const sitting = workOf(stage, person);
      blame(stage, { user: person.name });
      const attributes = { count: world.roster.all.length, format: "csv" };
      const draft = { action: "record.export", category: "data", outcome: "success", attributes } as const;
      const time = sitting.from + chance.whole(20, 80) * minute;
      write(stage.book, sitting, { ...draft, time, target: { type: "registry", id: "all patients" } }, stage.label.id);
    },
  },
  {
    kind: "photo_download",
    clarity: "CLEAR",
    story: "Somebody downloads patients' pictures by the hundred.",
    write: (stage) => atSpeed(stage, "photo.download", "photo", stage.chance.whole(120, 220), 3_500),
  },
  {
    kind: "deletion_wave",
    clarity: "CLEAR",
    story: "Somebody deletes dozens of records within minutes.",
    write: (stage) => atSpeed(stage, "record.delete", "note", stage.chance.whole(35, 70), 6_000),
  },
  {
    kind: "slow_exfiltration",
    clarity: "SUBTLE",
    story: "Somebody stays longer every evening and reads another score of records.",
    days: 6,
    write(stage) {
      const { chance } = stage;
      const person = stage.victim((one) => one.role === "front_desk" || one.role === "billing");
      const last = stage.sittings.filter((one) => one.person === person && one.purpose === "WORK").at(-1);
      if (!last) return; // not at work today: goes on tomorrow
      blame(stage, { user: person.name });
      const stays: Sitting = { ...last, from: last.to + 2 * minute, to: last.to + 60 * minute };
      let time = logIn(stage.book, stays, chance, 0, stage.label.id);
      for (const patient of some(stage, chance.whole(15, 22)))
        read(stage, stays, person, (time += chance.whole(60, 150) * 1_000), patient);
    },
  },
  {
    kind: "busy_reader",
    clarity: "SUBTLE",
    story: "Over a whole day somebody reads three or four times as many records as on other days.",
    write: (stage) =>
      readAtWork(
        stage,
        ({ role }) => role === "nurse" || role === "injector",
        () => some(stage, stage.chance.whole(90, 120)),
        200,
      ),
  },
  {
    kind: "emergency_access_misused",
    clarity: "CLEAR",
    story: "A clinician opens several records by emergency access, without an emergency.",
    write(stage) {
      const { chance } = stage;
      const person = stage.victim((one) => isOnDuty(stage)(one) && clinical(one));
      const sitting = workOf(stage, person);
      blame(stage, { user: person.name });
      let time = sitting.from + 30 * minute;
      for (const patient of some(stage, chance.whole(4, 6), ({ provider }) => provider !== person.name)) {
        onRecord(
          stage.book,
          sitting,
          (time += chance.whole(120, 400) * 1_000),
          "break_glass.used",
          patient,
          { cares: false },
          stage.label.id,
        );
        read(stage, sitting, person, time + 8_000, patient, false);
      }
    },
  },
];

/** Does the same thing to many records, as fast as a program or a nervous hand does. */
function atSpeed(stage: Stage, action: string, type: string, count: number, pause: number): void {
  const { chance } = stage;
  const person = stage.victim((one) => isOnDuty(stage)(one) && (clinical(one) || one.role === "front_desk"));
  const sitting = workOf(stage, person);
  if (sitting.to - sitting.from < count * pause * 1.5 + 20 * minute) throw new NoVictim();
  blame(stage, { user: person.name });
  let time = sitting.from + 12 * minute;
  for (const patient of some(stage, count))
    onRecord(
      stage.book,
      sitting,
      (time += pause * (0.5 + chance.next())),
      action,
      patient,
      { category: "data", type, cares: cares(person, patient) },
      stage.label.id,
    );
}
