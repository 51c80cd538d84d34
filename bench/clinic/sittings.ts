/** Where and when everybody sits on a day: at the clinic, at home, in the evening, on call, on the way, on a journey. */
import { homeSpot, mobileSpot, officeSpot, type Spot, somewhere } from "./address.ts";
import { type Chance, chanceOf } from "./chance.ts";
import { type Device, makeDevice } from "./devices.ts";
import type { Person } from "./people.ts";
import { vpnExits } from "./places.ts";
import type { Sitting } from "./sitting.ts";
import type { OnDuty } from "./visits.ts";
import type { World } from "./world.ts";

/** WORK is the day's work, NOTES are written in the evening, a GLANCE is short, CALL is a call at night. */
export type Purpose = "WORK" | "NOTES" | "GLANCE" | "CALL";
export interface Planned extends Sitting {
  person: Person;
  purpose: Purpose;
  /** Goes on in a session of before: nobody logs in. */
  goesOn: boolean;
}

const lineDown = { from: 13 * 60, to: 16 * 60 };

export function sittingsOf(world: World, index: number, onDuty: readonly OnDuty[]): Planned[] {
  const { seed, rota, metro, people } = world;
  const day = world.day(index);
  const list: Planned[] = [];
  const sit = (
    person: Person,
    purpose: Purpose,
    minutes: [from: number, to: number],
    device: Device,
    spot: (time: number) => Spot,
    session: string,
    goesOn = false,
  ): void => {
    const [from, to] = [day.at(minutes[0]), day.at(minutes[1])];
    const role = rota.role(person, index);
    const sessionId = `s-${chanceOf(seed, "session", person.name, index, session).whole(1e8, 1e9)}`;
    list.push({ person, role, day, from, to, spot, device, agent: device.agent(index), sessionId, purpose, goesOn });
  };
  const atHome = (person: Person): ((time: number) => Spot) => {
    if (!person.vpn) return () => homeSpot(seed, person.home, index);
    return vpnSpot(seed, person, index);
  };
  const onPhone = (person: Person): ((time: number) => Spot) => {
    const chance = chanceOf(seed, "phone", person.name, index);
    const inWifi = chance.happens(0.45);
    if (person.vpn) return vpnSpot(seed, person, index);
    if (inWifi) return () => homeSpot(seed, person.home, index);
    return (time) => mobileSpot(seed, metro, person.carrier, person.name, time);
  };

  for (const { person, duty } of onDuty) {
    const chance = chanceOf(seed, "sittings", person.name, index);
    const office = (time: number): Spot =>
      officeSpot(metro, index === world.lineFails && time >= day.at(lineDown.from) && time < day.at(lineDown.to));
    const home = duty.fromHome && person.laptop !== undefined;
    const elsewhere = chance.happens(person.role === "front_desk" || person.role === "nurse" ? 0.15 : 0.03);
    const desk = elsewhere ? chance.pick(world.workstations) : person.workstation;
    const device = home ? (person.laptop as Device) : desk;
    const spot = home ? atHome(person) : office;
    const again = chance.happens(0.55);
    sit(person, "WORK", [duty.from, duty.lunch], device, spot, "day");
    sit(person, "WORK", [duty.lunch + duty.lunchMinutes, duty.to], device, spot, again ? "afternoon" : "day", !again);
    if (person.laptop && chance.happens(person.evenings)) {
      const wayHome = home ? 0 : 20;
      const from = Math.max(chance.normal(20.2 * 60, 35), duty.to + wayHome); // nobody is in two places
      sit(person, "NOTES", [from, from + chance.whole(15, 70)], person.laptop, atHome(person), "evening");
    }
    if (chance.happens(person.glances)) {
      const from = chance.happens(0.5)
        ? duty.from - chance.whole(25, 70)
        : Math.max(duty.to, 1_080) + chance.whole(20, 150);
      sit(
        person,
        "GLANCE",
        [from, from + chance.whole(2, 9)],
        phoneOf(world, person, index),
        onPhone(person),
        "glance",
      );
    }
  }
  for (const person of people) {
    if (!rota.present(person, index) || onDuty.some((one) => one.person === person)) continue;
    glanceOnDayOff(person, chanceOf(seed, "day off", person.name, index));
  }
  const called = rota.onCall(day);
  const night = chanceOf(seed, "on call", index);
  if (called && !rota.away(called, index) && rota.present(called, index) && night.happens(0.3)) {
    const from = night.whole(21 * 60 + 30, 29 * 60);
    const device = called.laptop && night.happens(0.6) ? called.laptop : phoneOf(world, called, index);
    sit(called, "CALL", [from, from + night.whole(6, 25)], device, atHome(called), "call");
  }
  return list;

  function glanceOnDayOff(person: Person, chance: Chance): void {
    const journey = rota.away(person, index);
    const hotel = journey && somewhere(chanceOf(seed, "hotel", person.name, Math.floor(index / 7)), journey.place);
    if (!chance.happens(journey?.why === "conference" ? 0.9 : person.glances * 0.5)) return;
    // At a conference abroad people look in the evening there, which is the clinic's day or morning.
    const from = journey?.why === "conference" ? chance.whole(700, 960) : chance.whole(9 * 60, 20 * 60);
    const device = journey?.why === "conference" && person.laptop ? person.laptop : phoneOf(world, person, index);
    const spot = hotel ? () => hotel : onPhone(person);
    sit(person, "GLANCE", [from, from + chance.whole(3, 15)], device, spot, "glance");
  }
}

/** A VPN's exit: mostly the nearest one, another one on some days. */
function vpnSpot(seed: number, person: Person, index: number): () => Spot {
  const chance = chanceOf(seed, "vpn", person.name, index);
  const usual = chanceOf(seed, "vpn", person.name).whole(0, vpnExits.length - 1);
  const exit = vpnExits[chance.happens(0.75) ? usual : chance.whole(0, vpnExits.length - 1)];
  const spot = somewhere(chance, exit as (typeof vpnExits)[number]);
  return () => spot;
}

/** Now and then somebody buys a new telephone. */
function phoneOf({ seed, weeks, days }: World, person: Person, index: number): Device {
  const chance = chanceOf(seed, "new phone", person.name);
  if (!chance.happens(0.006 * weeks) || index < chance.whole(0, days)) return person.phone;
  return makeDevice(seed, "phone", `${person.phone.id}-2`);
}
