import { describe, expect, it } from "vitest";
import { eventCategories, eventOutcomes, type SecurityEvent } from "../../../src/ingest/event.ts";
import { seededRandom } from "../../generate/random.ts";
import fc from "../../support/property.ts";
import { event } from "../rules.ts";
import { drive } from "./drive.ts";
import { howMuch } from "./how-much.ts";

const word = fc.oneof(
  fc.string({ maxLength: 150 }),
  fc.constantFrom("__proto__", "constructor", "", "Ann Lee", "Lee, Ann"),
);
const anyEvent: fc.Arbitrary<SecurityEvent> = fc
  .record(
    {
      time: fc.integer({ min: Date.UTC(2020, 0), max: Date.UTC(2030, 0) }),
      receivedAt: fc.integer({ min: Date.UTC(2020, 0), max: Date.UTC(2030, 0) }),
      logsource: fc.record({ product: word, service: word, category: word }, { requiredKeys: [] }),
      action: fc.oneof(word, fc.constantFrom("record.read", "records.export", "appointment.created", "source.silent")),
      category: fc.constantFrom(...eventCategories),
      outcome: fc.constantFrom(...eventOutcomes),
      actor: fc.record(
        { id: word, name: word, email: word, roles: fc.array(word, { maxLength: 3 }) },
        { requiredKeys: [] },
      ),
      target: fc.record({ type: word, id: word, name: word, patientId: word }, { requiredKeys: [] }),
      attributes: fc.dictionary(fc.oneof(word, fc.constantFrom("patient", "appointment", "count")), fc.anything()),
    },
    { requiredKeys: ["time", "action", "category", "outcome", "attributes"] },
  )
  .map((wish) => ({ ...event(), ...(wish as Partial<SecurityEvent>) }));

const eager = {
  learningDays: 0,
  learningActiveDays: 1,
  hourPatients: 1,
  dayPatients: 1,
  patients: 1,
  hourCount: 1,
  dayCount: 1,
  dayRecords: 1,
  unlearnedRecords: 1,
  times: 1,
  spreads: 0,
  minPeers: 1,
  learningPatients: 0,
  sameSurname: 1,
  chance: 1,
};

describe("the detectors of how much", () => {
  it("never throw, whatever the events, say why they find something, and find the same twice", () => {
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 30 }), (events) => {
        const found = () => {
          const clinic = drive(howMuch);
          clinic.tune(eager);
          return clinic.feed(events);
        };
        const once = found();
        for (const { reason } of once) expect(reason).toMatch(/^.{10,600}$/su);
        expect(found()).toEqual(once);
      }),
      { numRuns: 150 },
    );
  });

  it("keep profiles small, in 10,000 events of people, patients and actions without end", () => {
    const random = seededRandom(7);
    const pick = (count: number) => Math.floor(random() * count);
    const clinic = drive(howMuch);
    const start = Date.UTC(2026, 0, 5, 14);
    for (let n = 0; n < 10_000; n++) {
      const one = event({
        action: `action ${pick(300)} ${"ü".repeat(60)}`,
        category: "ACCESS",
        outcome: "SUCCESS",
        logsource: { product: "app" },
        actor: {
          name: n % 2 ? "Ann Lee" : `User Number${"abcdefghij"[pick(10)]}${"klmnopqrst"[pick(10)]}`,
          roles: ["nurse"],
        },
        target: {
          patientId: `p${pick(6_000)}`,
          name: `Pat ${"bcdfghjkl"[pick(9)]}o${"mnprst"[pick(6)]}a${"klmn"[pick(4)]}`,
        },
      });
      const time = start + Math.floor(n / 20) * 3_600_000 + pick(3_600_000);
      clinic.feed({ ...one, time, receivedAt: time });
    }
    const sizes = clinic.sizes();
    console.log("largest states, bytes:", Object.fromEntries([...sizes].sort(([, one], [, other]) => other - one)));
    for (const [name, size] of sizes) expect([name, size < 6_500]).toEqual([name, true]);
  });
});
