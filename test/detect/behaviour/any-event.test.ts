import { describe, expect, it } from "vitest";
import { confirm, forget, known } from "../../../src/detect/behaviour/facets/known.ts";
import { agentDevices, networkKinds } from "../../../src/ingest/enrichment.ts";
import { eventCategories, eventOutcomes, type SecurityEvent } from "../../../src/ingest/event.ts";
import { seededRandom } from "../../generate/random.ts";
import fc from "../../support/property.ts";
import { event } from "../rules.ts";
import { drive } from "./drive.ts";
import { whoWhereWhen } from "./who-where-when.ts";

const word = fc.oneof(fc.string({ maxLength: 200 }), fc.constantFrom("__proto__", "constructor", "admin", ""));
const degrees = (most: number) => fc.double({ min: -most, max: most, noNaN: true });
const place = fc.record(
  {
    country: fc.constantFrom("US", "NG", "de", ""),
    city: word,
    lat: degrees(90),
    lon: degrees(180),
    radiusKm: fc.nat(5_000),
  },
  { requiredKeys: [] },
);
const enrichment = fc.record(
  {
    version: fc.constant("test"),
    place,
    network: fc.record(
      { kind: fc.constantFrom(...networkKinds), asn: fc.nat(400_000), name: word },
      { requiredKeys: ["kind"] },
    ),
    agent: fc.record(
      { device: fc.constantFrom(...agentDevices), os: word, browser: word },
      { requiredKeys: ["device"] },
    ),
  },
  { requiredKeys: ["version"] },
);
const day = 86_400_000;
const anyEvent: fc.Arbitrary<SecurityEvent> = fc
  .record(
    {
      time: fc.integer({ min: Date.UTC(2020, 0), max: Date.UTC(2030, 0) }),
      action: fc.oneof(word, fc.constantFrom("login", "role.grant", "record.read", "audit.disable")),
      category: fc.constantFrom(...eventCategories),
      outcome: fc.constantFrom(...eventOutcomes),
      actor: fc.record(
        { id: word, name: word, email: word, roles: fc.array(word, { maxLength: 3 }) },
        { requiredKeys: [] },
      ),
      source: fc.record(
        {
          ip: fc.constantFrom("192.0.2.1", "2001:db8::1"),
          country: word,
          city: word,
          lat: degrees(90),
          lon: degrees(180),
        },
        { requiredKeys: [] },
      ),
      device: word,
      sessionId: word,
      enrichment,
    },
    { requiredKeys: ["time", "action", "category", "outcome"] },
  )
  .map((wish) => ({ ...event(), ...(wish as Partial<SecurityEvent>) }));

describe("the detectors of who, where and when", () => {
  it("never throw, whatever the events, and say why they find something", () => {
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 30 }), (events) => {
        const clinic = drive(whoWhereWhen);
        clinic.tune({ learningDays: 0, learningActiveDays: 1, learningLogins: 0, learningHours: 1, anyNetwork: true });
        for (const { reason } of clinic.feed(events)) expect(reason).toMatch(/^.{10,600}$/su);
        for (const each of events) {
          clinic.change(known, each, (state) => confirm(state, each));
          clinic.change(known, each, (state) => forget(state, each));
        }
      }),
      { numRuns: 300 },
    );
  });

  it("find the same in the same events, twice", () => {
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 40 }), (events) => {
        const found = () => drive(whoWhereWhen).feed(events);
        expect(found()).toEqual(found());
      }),
      { numRuns: 30 },
    );
  });

  it("keep profiles small, in 10,000 events of one user who is everywhere with everything", () => {
    const random = seededRandom(5);
    const pick = (count: number) => Math.floor(random() * count);
    const clinic = drive(whoWhereWhen);
    const start = Date.UTC(2026, 0);
    const long = (count: number) => `${pick(count)} ${"ü".repeat(80)}`;
    for (let n = 0; n < 10_000; n++) {
      const one = event({
        action: ["login", `grant ${long(90)}`, "record.read"][pick(3)] as string,
        category: eventCategories[pick(5)] as SecurityEvent["category"],
        outcome: "SUCCESS",
        actor: { name: n % 2 ? "ann" : `user ${pick(40)}`, roles: ["nurse"] },
        device: long(500),
        sessionId: long(500),
        enrichment: {
          version: "test",
          place: {
            country: String.fromCharCode(65 + pick(26), 65 + pick(26)),
            city: long(900),
            lat: random() * 180 - 90,
            lon: random() * 360 - 180,
            radiusKm: pick(900),
          },
          network: { kind: networkKinds[pick(2)] as (typeof networkKinds)[number], asn: pick(5_000), name: long(9) },
          agent: { device: agentDevices[pick(4)] as (typeof agentDevices)[number], os: long(60), browser: long(60) },
        },
      });
      const seen = { ...one, time: start + (n % 3 ? n : pick(n + 1)) * 3_600_000 };
      clinic.feed(seen);
      if (n % 100 === 0) clinic.change(known, seen, (state) => confirm(state, seen));
    }
    const sizes = clinic.sizes();
    console.log("largest states, bytes:", Object.fromEntries([...sizes].sort(([, one], [, other]) => other - one)));
    for (const size of sizes.values()) expect(size).toBeLessThan(8_000);
    const ofUser = [...sizes].filter(([name]) => !/^(peer|role|organization)_/.test(name));
    expect(ofUser.reduce((sum, [, size]) => sum + size, 0)).toBeLessThan(20_000);
  });
});

describe("normal people", () => {
  it.each([1, 2, 3])(
    "are not found in eight weeks of work, phones, flights, overtime and a new laptop (%i)",
    (seed) => {
      const clinic = drive(whoWhereWhen);
      const found = clinic.feed(normalWeeks(seed, 8));
      expect(found.map(({ detector, reason, event: { actor } }) => [detector, actor?.name, reason])).toEqual([]);
    },
  );
});

const cities = [
  { country: "US", city: "Austin", lat: 30.27, lon: -97.74, radiusKm: 20 },
  { country: "US", city: "Seattle", lat: 47.61, lon: -122.33, radiusKm: 20 },
];
const office = { kind: "RESIDENTIAL", asn: 64_600, name: "Office Line" } as const;

/** Eight people: shifts, a phone on the way, an evening at home, a journey within the country, another browser. */
function normalWeeks(seed: number, weeks: number): SecurityEvent[] {
  const random = seededRandom(seed);
  const between = (from: number, to: number) => from + random() * (to - from);
  const events: SecurityEvent[] = [];
  const start = Date.UTC(2026, 9, 5, 5); // Monday 00:00 in Chicago; daylight saving ends within
  for (let person = 0; person < 8; person++) {
    const begins = person % 4 === 3 ? 14 : 7 + (person % 3);
    const home = { kind: "RESIDENTIAL", asn: 64_700 + person, name: "Home Line" } as const;
    const carrier = { kind: "MOBILE", asn: 64_800 + (person % 2), name: "Wireless" } as const;
    const away = 20 + person * 4;
    let number = 0;
    for (let n = 0; n < weeks * 7; n++) {
      const free = n % 7 >= 5;
      if (free && random() < 0.8) continue;
      const travelling = n >= away && n < away + 3;
      const place = cities[travelling ? 1 : 0] as (typeof cities)[number];
      const network = travelling ? { kind: "RESIDENTIAL", asn: 64_900, name: "Hotel" } : office;
      const os = n > 36 && person % 2 ? "macOS" : "Windows";
      const agent = { device: "DESKTOP", os, browser: "Chrome" } as const;
      const deed = (hours: number, more: object) =>
        events.push({
          ...event({
            outcome: "SUCCESS",
            category: "ACCESS",
            action: "record.read",
            actor: { name: `staff${person}`, roles: [person % 2 ? "nurse" : "desk"] },
            enrichment: { version: "test", place, network, agent },
            sessionId: `${person}-${n}`,
            ...more,
          } as object),
          time: Math.floor(start + n * day + hours * 3_600_000),
        });
      const comes = begins + between(-0.5, 0.75) + (free ? 1 : 0);
      deed(comes, { action: "login", category: "AUTHENTICATION" });
      const goes = comes + (free ? 3 : 8) + (random() < 0.1 ? between(1, 3) : 0);
      for (let at = comes + 0.1; at < goes; at += between(0.2, 1.2)) deed(at, {});
      if (random() < 0.2)
        deed(goes + between(0.3, 1.5), {
          action: "login",
          category: "AUTHENTICATION",
          sessionId: `${person}-phone-${number++}`,
          enrichment: {
            version: "test",
            place: cities[0],
            network: carrier,
            agent: { device: "PHONE", os: "iOS", browser: "Safari" },
          },
        });
      if (random() < 0.1 && !travelling)
        deed(goes + 2, {
          enrichment: { version: "test", place, network: home, agent },
          sessionId: `${person}-${n}-home`,
        });
    }
  }
  return events.sort((one, other) => one.time - other.time);
}
