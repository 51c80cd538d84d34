import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runBacktest } from "../../../src/detect/backtest.ts";
import type { StoredRule } from "../../../src/detect/detection.ts";
import { openBells } from "../../../src/publish/bells.ts";
import { quiet, type TestDatabase, testDatabase } from "../../support/database.ts";
import { clinicHistory } from "./clinic.ts";
import { detectionsOf, organizationWith, processOn } from "./told.ts";

let test: TestDatabase;
const bells = openBells(undefined, quiet);

beforeAll(async () => {
  test = await testDatabase({ poolSize: 12 });
});
afterAll(async () => {
  await bells.close();
  await test.close();
});

const rule = (parameters: string): StoredRule => ({
  id: "11111111-1111-4111-8111-111111111111",
  revision: 1,
  mode: "ACTIVE",
  yaml: `title: Elsewhere\nbehaviour: { detector: new_country, parameters: ${parameters} }\n`,
});
const patient = rule("{ learningDays: 10, learningActiveDays: 5, peers: 0 }");

function over(id: string, from: number, variants: StoredRule[][]) {
  return runBacktest({
    variants,
    placeholders: new Map(),
    timeZone: "UTC",
    from,
    to: Date.now() + 60_000,
    source: { organizationId: id, pageSize: 100, query: (text, values) => test.db.query(id, text, values) },
    pseudonym: (value) => `sealed-${value}`,
    clock: () => performance.now(),
    budgetMs: 60_000,
  });
}

describe("a behaviour rule over history", { timeout: 120_000 }, () => {
  it("finds what it would have found live, and learns from what lies before the range", async () => {
    const drafts = clinicHistory(51);
    const id = await organizationWith(test);
    const pipeline = processOn(test.db, bells);
    const middle = Math.floor(drafts.length * 0.8);
    await pipeline.accept(id, drafts.slice(0, middle));
    const between = await new Promise<number>((resolve) => {
      const until = Date.now() + 5;
      const wait = () => (Date.now() > until ? resolve(Date.now()) : setImmediate(wait));
      wait();
    });
    await pipeline.accept(id, drafts.slice(middle));
    const live = (await detectionsOf(test.db, id)).filter(({ rule }) => rule === "elsewhere");
    const whole = await over(id, 0, [[patient]]);
    const told = (all: { explanation: string }[]) => all.map(({ explanation }) => explanation).sort();
    expect(told(whole.detections[0] ?? [])).toEqual(told(live));
    const end = await over(id, between, [[patient]]);
    expect(end.read).toBe(drafts.length - middle);
    expect(end.detections[0]?.length).toBeGreaterThan(0);
    expect(end.detections[0]?.length).toBeLessThan(live.length);
  });

  it("is compared with another of the same id, each with its own parameters", async () => {
    const id = await organizationWith(test);
    await processOn(test.db, bells).accept(id, clinicHistory(52));
    const { detections } = await over(id, 0, [[patient], [rule("{ learningDays: 300 }")]]);
    expect(detections[0]?.length).toBeGreaterThan(0);
    expect(detections[1]).toEqual([]);
  });
});
