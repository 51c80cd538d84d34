/** Attacks on passwords and second factors. */
import { somewhere } from "../address.ts";
import { abroad, hosting, vpnExits } from "../places.ts";
import { type Attack, blame, breakIn, isOnDuty, type Stage } from "./stage.ts";

const program = "python-requests/2.32.3";

function fail(
  stage: Stage,
  who: { id: string; name: string },
  ip: string,
  time: number,
  reason: string,
  agent = program,
) {
  stage.book.add(
    {
      time,
      service: "auth",
      action: "login",
      category: "authentication",
      outcome: "failure",
      actor: { id: who.id, name: who.name },
      spot: { ip, place: hosting[0] as (typeof hosting)[number] },
      userAgent: agent,
      attributes: { reason },
    },
    stage.label.id,
  );
  blame(stage, { user: who.name, address: ip });
}

export const guessing: Attack[] = [
  {
    kind: "brute_force",
    clarity: "CLEAR",
    story: "One address guesses one password, dozens of times in a few minutes.",
    write(stage) {
      const { chance, day } = stage;
      const person = stage.victim();
      const { ip } = somewhere(chance, chance.pick(abroad));
      let time = day.at(chance.whole(60, 1_380));
      for (let n = chance.whole(30, 90); n > 0; n--)
        fail(stage, person, ip, (time += chance.whole(2, 6) * 1_000), "wrong_password");
    },
  },
  {
    kind: "password_spraying",
    clarity: "CLEAR",
    story: "One address tries one or two passwords on everybody's account.",
    write(stage) {
      const { chance, day, world } = stage;
      const { ip } = somewhere(chance, chance.pick(hosting));
      let time = day.at(chance.whole(60, 1_380));
      for (let round = chance.whole(1, 2); round > 0; round--)
        for (const person of chance.shuffled(world.people))
          fail(stage, person, ip, (time += chance.whole(4, 14) * 1_000), "wrong_password");
    },
  },
  {
    kind: "slow_spraying",
    clarity: "SUBTLE",
    story: "One try an hour, each on another account and from another address, for two days.",
    days: 2,
    write(stage) {
      const { chance, day, world } = stage;
      for (let hour = 0; hour < 24; hour++) {
        const { ip } = somewhere(chance, chance.pick(vpnExits));
        fail(stage, chance.pick(world.people), ip, day.at(hour * 60 + chance.whole(0, 59)), "wrong_password");
      }
      stage.label.users = [];
    },
  },
  {
    kind: "credential_stuffing",
    clarity: "CLEAR",
    story: "A botnet tries stolen pairs of name and password, each address once or twice, one program everywhere.",
    write(stage) {
      const { chance, day, world } = stage;
      const agent =
        "Mozilla/5.0 (Windows NT 6.1; WOW64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/78.0.3904.108 Safari/537.36";
      let time = day.at(chance.whole(60, 1_380));
      for (let n = chance.whole(80, 140); n > 0; n--) {
        const known = chance.happens(0.08);
        const who = known
          ? chance.pick(world.people)
          : { id: `x-${n}`, name: `${chance.pick(names)}${chance.whole(1, 99)}@mail.example` };
        const { ip } = somewhere(chance, chance.pick(abroad));
        fail(stage, who, ip, (time += chance.whole(1, 6) * 1_000), known ? "wrong_password" : "user_not_found", agent);
      }
    },
  },
  {
    kind: "mfa_fatigue",
    clarity: "CLEAR",
    story: "Whoever knows the password asks for confirmation until the victim gives in.",
    write(stage) {
      const { chance, book, label } = stage;
      const person = stage.victim(isOnDuty(stage));
      const spot = somewhere(chance, chance.pick(abroad));
      let time = stage.day.at(chance.whole(22 * 60, 23 * 60 + 20));
      blame(stage, { user: person.name, address: spot.ip });
      const actor = { id: person.id, name: person.name, email: person.email, roles: [person.role] };
      const told = (action: string, outcome: "success" | "failure"): void => {
        book.add(
          { time, service: "auth", action, category: "authentication", outcome, actor, spot, userAgent: program },
          label.id,
        );
        time += chance.whole(25, 45) * 1_000;
      };
      for (let n = chance.whole(8, 13); n > 0; n--) told("mfa.denied", "failure");
      told("mfa.accepted", "success");
      breakIn(stage, person, spot, time, chance.whole(3, 8));
    },
  },
];

const names = [
  "jsmith",
  "kate",
  "mike",
  "info",
  "office",
  "anna",
  "contact",
  "sales",
  "lisa",
  "tom",
  "peter",
  "reception",
];
