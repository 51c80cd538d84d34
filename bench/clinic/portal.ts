/** Patients on the portal: at any hour, from their homes, with their own records only. */
import { homeSpot, makeHomeLine, mobileSpot, type Spot } from "./address.ts";
import { chanceOf } from "./chance.ts";
import type { DayBook } from "./day-book.ts";
import { makeDevice } from "./devices.ts";
import type { Patient } from "./patients.ts";
import type { World } from "./world.ts";

/** The patient's account on the portal. */
export function portalActor(patient: Patient) {
  return { id: patient.id, name: `${patient.first}.${patient.last}.${patient.id.slice(2)}`, roles: ["patient"] };
}

export function writePortal(world: World, index: number, book: DayBook): void {
  const { seed, metro, roster } = world;
  const day = world.day(index);
  const chance = chanceOf(seed, "portal", index);
  for (let n = Math.round(chance.normal(1.5 * world.staff, 4)); n > 0; n--) {
    const patient = chance.pick(roster.all);
    const actor = portalActor(patient);
    const phone = chance.happens(0.6);
    const device = makeDevice(seed, phone ? "phone" : "laptop", `portal-${patient.id}-${phone}`);
    let time = day.at(
      chance.weighted([
        [8, 2],
        [11, 3],
        [13, 3],
        [17, 3],
        [20, 4],
        [22, 2],
        [1, 1],
        [5, 1],
      ]) *
        60 +
        chance.whole(0, 119),
    );
    const sessionId = `s-${chance.whole(1e8, 1e9)}`;
    const home = makeHomeLine(seed, metro, patient.id);
    const carrier = Number(patient.id.slice(2));
    const spot = (): Spot =>
      phone && Number(patient.id.slice(-1)) % 2 === 0
        ? mobileSpot(seed, metro, carrier, patient.id, time)
        : homeSpot(seed, home, index);
    const told = (action: string, category: string, outcome: "success" | "failure", record?: boolean): void => {
      book.add({
        time,
        service: "portal",
        action,
        category,
        outcome,
        actor,
        spot: spot(),
        userAgent: device.agent(index),
        sessionId,
        ...(record ? { target: { type: "patient", id: patient.id, patientId: patient.id } } : {}),
      });
      time += chance.whole(5, 90) * 1_000;
    };
    for (
      let slips = chance.weighted([
        [0, 75],
        [1, 17],
        [2, 6],
        [3, 2],
      ]);
      slips > 0;
      slips--
    )
      told("login", "authentication", "failure");
    told("login", "authentication", "success");
    for (let reads = chance.whole(1, 5); reads > 0; reads--) told("record.read", "access", "success", true);
    if (chance.happens(0.3)) told("message.sent", "other", "success");
  }
}
