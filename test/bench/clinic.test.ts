/** The generated clinic: the same for the same seed, with the habits and the attacks that it promises. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { attacks } from "../../bench/clinic/attacks/campaign.ts";
import { type Clinic, openClinic } from "../../bench/clinic/clinic.ts";
import type { ClinicEvent, Told } from "../../bench/clinic/event.ts";
import type { ClinicOptions } from "../../bench/clinic/world.ts";
import { validateAll } from "../../src/ingest/accept.ts";

interface Played {
  clinic: Clinic;
  told: Told[];
  events: ClinicEvent[];
}

async function played(options: Partial<ClinicOptions> = {}): Promise<Played> {
  const clinic = openClinic({ seed: 7, weeks: 1, staff: 6, learningWeeks: 0, ...options });
  const told: Told[] = [];
  for await (const one of clinic.events()) told.push(one);
  return { clinic, told, events: told.map(({ event }) => event) };
}

const big = { seed: 3, weeks: 6, staff: 25, learningWeeks: 3 };
let six: Played;
beforeAll(async () => {
  six = await played(big);
}, 120_000);

let format: Intl.DateTimeFormat | undefined; // of the zone of `six`: making one for each event would take half a minute
const local = ({ clinic }: Played, time: number) => {
  format ??= new Intl.DateTimeFormat("en-US", {
    timeZone: clinic.world.zone,
    hourCycle: "h23",
    weekday: "short",
    hour: "numeric",
    minute: "numeric",
  });
  const part = Object.fromEntries(format.formatToParts(time).map(({ type, value }) => [type, value]));
  return { weekday: part.weekday as string, minutes: Number(part.hour) * 60 + Number(part.minute) };
};
const byStaff = ({ actor }: ClinicEvent) => actor?.id.startsWith("u-") ?? false;
const normal = ({ told }: Played) => told.filter(({ attack }) => attack === undefined).map(({ event }) => event);

describe("a generated clinic", () => {
  it("is the same for the same seed, and another one for another seed", async () => {
    const [one, same, other] = [await played(), await played(), await played({ seed: 8 })];
    expect(JSON.stringify(same.told)).toBe(JSON.stringify(one.told));
    expect(same.clinic.labels).toEqual(one.clinic.labels);
    expect(JSON.stringify(other.told)).not.toBe(JSON.stringify(one.told));
  });

  it("sends events that Vigil accepts, in order of time, each with an id of its own", async () => {
    const { events } = six;
    expect(events.length).toBeGreaterThan(6 * 7 * 1_500);
    expect(events.every((event, place) => place === 0 || event.time >= (events[place - 1] as ClinicEvent).time)).toBe(
      true,
    );
    expect(new Set(events.map(({ id }) => id)).size).toBe(events.length);
    expect((await validateAll(structuredClone(events.slice(0, 20_000)), Date.now())).rejected).toEqual([]);
  });

  it("says of everybody who acts no more than an application would", () => {
    const keys = new Set(six.events.flatMap(({ actor }) => Object.keys(actor ?? {})));
    expect([...keys].sort()).toEqual(["email", "id", "name", "roles"]);
  });

  it("labels every event of an attack and no other, and attacks nobody while Vigil learns", () => {
    const { clinic, told } = six;
    const times = new Map(told.map(({ event }) => [event.id, event.time]));
    const labelled = new Map<string, string>();
    for (const { id, eventIds, from, to, kind, users, addresses, services } of clinic.labels) {
      expect([...users, ...addresses, ...services], kind).not.toEqual([]);
      expect(from).toBeGreaterThanOrEqual(clinic.attacksFrom);
      expect(to).toBeGreaterThanOrEqual(from);
      for (const eventId of eventIds) {
        labelled.set(eventId, id);
        expect(times.get(eventId), `${kind} ${eventId}`).toBeGreaterThanOrEqual(from);
        expect(times.get(eventId)).toBeLessThanOrEqual(to);
      }
    }
    const marked = told.filter(({ attack }) => attack !== undefined);
    expect(marked.length).toBe(labelled.size);
    for (const { event, attack } of marked) expect(labelled.get(event.id)).toBe(attack);
  });

  it("knows every kind of attack, and tries each within a few clinics", async () => {
    const seen = new Set(six.clinic.labels.map(({ kind }) => kind));
    const missing = () => attacks.map(({ kind }) => kind).filter((kind) => !seen.has(kind));
    for (const seed of [1, 2])
      if (missing().length > 0) for (const { kind } of (await played({ ...big, seed })).clinic.labels) seen.add(kind);
    expect(missing()).toEqual([]);
    expect(new Set(six.clinic.labels.map(({ clarity }) => clarity))).toEqual(new Set(["CLEAR", "SUBTLE"]));
  }, 120_000);

  it("loses a silent source's events for that time", () => {
    const silent = six.clinic.labels.find(({ kind }) => kind === "source_silent");
    const [service] = silent?.services ?? [];
    const within = six.events.filter(
      ({ time, logsource: { product, service: name, category } }) =>
        `${product}/${name}/${category ?? ""}` === service && time >= (silent?.from ?? 0) && time < (silent?.to ?? 0),
    );
    expect(silent?.eventIds).toEqual([]);
    expect(within).toEqual([]);
  });
});

describe("the people of a generated clinic", () => {
  it("work by day, eat at noon, rest on Sunday", () => {
    const logIns = normal(six).filter((event) => byStaff(event) && event.action === "login");
    const day = logIns.filter(({ time }) => local(six, time).minutes >= 360 && local(six, time).minutes < 1_320);
    expect(day.length / logIns.length).toBeGreaterThan(0.93);
    expect(day.length).toBeLessThan(logIns.length); // somebody is on call
    const reads = normal(six).filter((event) => byStaff(event) && event.action === "record.read");
    const at = (from: number) => reads.filter(({ time }) => Math.floor(local(six, time).minutes / 60) === from).length;
    expect(at(12)).toBeLessThan(0.85 * at(10));
    expect(at(2)).toBeLessThan(0.01 * at(10));
    const on = (weekday: string) => reads.filter(({ time }) => local(six, time).weekday === weekday).length;
    expect(on("Sun")).toBeLessThan(0.02 * on("Tue"));
    expect(on("Sat")).toBeLessThan(0.5 * on("Tue"));
  });

  it("come at the same hour by their own clocks before and after clocks are changed", async () => {
    const { world } = six.clinic;
    const change = [...Array(world.days).keys()].find(
      (index) => (world.day(index + 1).at(0) - world.day(index).at(0)) / 3_600_000 !== 24,
    ) as number;
    expect(change).toBeGreaterThan(20);
    const middle = (from: number, to: number, clock: (time: number) => number) => {
      const minutes = normal(six)
        .filter(
          ({ action, time, device }) => action === "login" && device?.startsWith("ws-") && time >= from && time < to,
        )
        .map(({ time }) => clock(time))
        .filter((minute) => minute < 660 || minute > 1_000)
        .sort((one, other) => one - other);
      return minutes[minutes.length >> 1] as number;
    };
    const [early, edge, end] = [world.day(7).at(0), world.day(change + 1).at(0), world.day(42).at(0)];
    const wall = (time: number) => local(six, time).minutes;
    const utc = (time: number) => (time / 60_000) % 1_440;
    expect(Math.abs(middle(early, edge, wall) - middle(edge, end, wall))).toBeLessThan(15);
    expect(Math.abs(middle(early, edge, utc) - middle(edge, end, utc))).toBeGreaterThan(40);
  });

  it("have machines whose browsers update, homes whose addresses change, telephones whose cities hop", () => {
    const events = normal(six).filter(byStaff);
    const of = (start: string) => events.filter(({ device }) => device?.startsWith(start));
    const several = (list: ClinicEvent[], key: (event: ClinicEvent) => string | undefined) => {
      const kinds = new Map<string, Set<string | undefined>>();
      for (const event of list) {
        const whose = event.device ?? "";
        kinds.set(whose, (kinds.get(whose) ?? new Set()).add(key(event)));
      }
      return [...kinds.values()].filter((values) => values.size > 1).length / kinds.size;
    };
    expect(several(of("ws-"), ({ userAgent }) => userAgent)).toBe(1); // every browser updates within six weeks
    expect(several(of("lap-"), ({ source }) => source?.ip)).toBeGreaterThan(0.5);
    expect(several(of("ph-"), ({ source }) => source?.ip.split(".").slice(0, 2).join("."))).toBeGreaterThan(0.4);
  });

  it("mistype their passwords now and then, and bill more at the end of a month", () => {
    const logIns = normal(six).filter((event) => byStaff(event) && event.action === "login");
    const slips = logIns.filter(({ outcome }) => outcome === "failure").length / logIns.length;
    expect(slips).toBeGreaterThan(0.03);
    expect(slips).toBeLessThan(0.25);
    const perDay = new Map<number, number>();
    for (const { action, time } of normal(six))
      if (action === "invoice.read") {
        const day = Math.floor((time - six.clinic.from) / 86_400_000);
        perDay.set(day, (perDay.get(day) ?? 0) + 1);
      }
    const busiest = Math.max(...perDay.values());
    const usual = [...perDay.values()].sort((one, other) => one - other)[perDay.size >> 1] as number;
    expect(busiest).toBeGreaterThan(1.6 * usual);
  });

  it("have families among the patients, and patients who come for the first time", () => {
    const { roster, people } = six.clinic.world;
    const names = new Set(people.map(({ last }) => last));
    expect(roster.all.filter(({ familyOf }) => familyOf !== undefined).every(({ last }) => names.has(last))).toBe(true);
    expect(roster.all.some(({ familyOf }) => familyOf !== undefined)).toBe(true);
    expect(normal(six).filter(({ action }) => action === "patient.created").length).toBeGreaterThan(60);
  });

  it("tell where their addresses lie only when asked to", async () => {
    expect(six.events.every(({ source }) => source?.country === undefined)).toBe(true);
    const { events } = await played({ sendPlaces: true });
    const placed = events.filter(({ source }) => source?.country !== undefined && source.lat !== undefined);
    expect(placed.length).toBe(events.filter(({ source }) => source !== undefined).length);
  });
});

describe("the generator", () => {
  it("shares no code with detection: it imports nothing of src", () => {
    const folder = join(import.meta.dirname, "../../bench/clinic");
    const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"));
    expect(files.length).toBeGreaterThan(15);
    for (const file of files) expect(readFileSync(join(folder, file), "utf8"), file).not.toMatch(/from "[^"]*\/src\//);
  });
});
