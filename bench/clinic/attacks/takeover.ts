/** Accounts and sessions in other hands. */
import { homeSpot, makeHomeLine, somewhere } from "../address.ts";
import { strangeAgent } from "../devices.ts";
import { abroad, hosting } from "../places.ts";
import { logIn, write } from "../sitting.ts";
import { type Attack, blame, breakIn, intruder, isOnDuty, NoVictim, read, type Stage, workOf } from "./stage.ts";

const minute = 60_000;

export const takeover: Attack[] = [
  {
    kind: "impossible_travel",
    clarity: "CLEAR",
    story: "While the victim works at the clinic, somebody logs in as them from another continent.",
    write(stage) {
      const { chance } = stage;
      const person = stage.victim((one) => isOnDuty(stage)(one) && !one.vpn);
      const sitting = workOf(stage, person);
      breakIn(
        stage,
        person,
        somewhere(chance, chance.pick(abroad)),
        sitting.from + chance.whole(40, 80) * minute,
        chance.whole(3, 9),
      );
    },
  },
  {
    kind: "new_country_takeover",
    clarity: "CLEAR",
    story: "At night somebody logs in from a country and with a machine that the victim never used.",
    write(stage) {
      const { chance, day } = stage;
      const person = stage.victim((one) => !one.vpn);
      breakIn(stage, person, somewhere(chance, chance.pick(abroad)), day.at(chance.whole(90, 300)), chance.whole(3, 9));
    },
  },
  {
    kind: "hosting_takeover",
    clarity: "CLEAR",
    story: "At night somebody logs in from a rented machine, with a browser that the victim never used.",
    write(stage) {
      const { chance, day } = stage;
      const person = stage.victim((one) => !one.vpn);
      breakIn(
        stage,
        person,
        somewhere(chance, chance.pick(hosting)),
        day.at(chance.whole(60, 280)),
        chance.whole(8, 20),
      );
    },
  },
  {
    kind: "neighbour_takeover",
    clarity: "SUBTLE",
    story: "In working hours somebody logs in as the victim from a home line of the same city.",
    write(stage) {
      const { chance, world } = stage;
      const person = stage.victim(isOnDuty(stage));
      const line = makeHomeLine(world.seed, world.metro, `neighbour ${stage.label.id}`);
      const spot = homeSpot(world.seed, line, stage.index);
      breakIn(stage, person, spot, workOf(stage, person).from + 60 * minute, chance.whole(2, 5));
    },
  },
  {
    kind: "session_stolen",
    clarity: "CLEAR",
    story: "The session of somebody at work is used from another continent, by another browser, at the same time.",
    write: (stage) => borrow(stage, somewhere(stage.chance, stage.chance.pick(abroad)), stage.chance.whole(10, 20)),
  },
  {
    kind: "session_borrowed",
    clarity: "SUBTLE",
    story: "The session of somebody at work is used from a home line of the same city.",
    write(stage) {
      const line = makeHomeLine(stage.world.seed, stage.world.metro, `borrower ${stage.label.id}`);
      borrow(stage, homeSpot(stage.world.seed, line, stage.index), stage.chance.whole(3, 6));
    },
  },
  {
    kind: "reset_takeover",
    clarity: "CLEAR",
    story: "A password is reset from a rented machine, the second factor switched off, the e-mail address changed.",
    write(stage) {
      const { chance, book, label, day } = stage;
      const person = stage.victim((one) => !one.vpn);
      const spot = somewhere(chance, chance.pick(hosting));
      const sitting = intruder(stage, person, spot, day.at(chance.whole(60, 1_300)));
      blame(stage, { user: person.name, address: spot.ip });
      let time = sitting.from;
      const one = { service: "auth", category: "authentication", outcome: "success" } as const;
      for (const action of ["password.reset.requested", "password.reset.completed", "mfa.disabled", "email.changed"]) {
        write(book, sitting, { ...one, time, action }, label.id);
        time += chance.whole(30, 200) * 1_000;
      }
      breakIn(stage, person, spot, time, chance.whole(4, 12));
    },
  },
  {
    kind: "dormant_account",
    clarity: "CLEAR",
    story: "The account of somebody who left more than a month ago is used, from a rented machine.",
    earliest: 33,
    write(stage) {
      const { chance, day, world } = stage;
      const { former } = world;
      const spot = somewhere(chance, chance.pick(hosting));
      const sitting = intruder(stage, former, spot, day.at(chance.whole(500, 1_200)));
      blame(stage, { user: former.name, address: spot.ip });
      let time = logIn(stage.book, sitting, chance, 0, stage.label.id);
      for (let n = chance.whole(5, 12); n > 0; n--)
        read(stage, sitting, former, (time += 40_000), chance.pick(world.roster.all));
    },
  },
];

/** Uses the session of somebody at work from elsewhere. */
function borrow(stage: Stage, spot: ReturnType<typeof somewhere>, reads: number): void {
  const { chance, world } = stage;
  const person = stage.victim((one) => isOnDuty(stage)(one) && !one.vpn);
  const sitting = workOf(stage, person);
  const left = (sitting.to - sitting.from) / minute - 20;
  if (left < 20) throw new NoVictim();
  const stolen = { ...sitting, spot: () => spot, agent: strangeAgent(chance) };
  blame(stage, { user: person.name, address: spot.ip });
  let time = sitting.from + chance.whole(15, Math.min(60, Math.floor(left))) * minute;
  for (let n = 0; n < reads; n++)
    read(stage, stolen, person, (time += chance.whole(10, 40) * 1_000), chance.pick(world.roster.all));
}
