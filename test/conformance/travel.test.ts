import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runTravel } from "./travel.ts";

const ruleId = "Standard.ImpossibleTravel.Login";
const here = (time: string) => ({
  p_event_time: time,
  p_enrichment: { places: { address: { city: "Porto", country: "PT", lat: "41.15", lng: "-8.61" } } },
});
const before = [
  { returnValue: '[{"p_event_time":"2026-03-04 10:00:00","city":"Quito","lat":"-0.22","lng":"-78.51"}]' },
];
const rows = [
  { id: "two hours from Quito to Porto", ruleId, expect: true, mocks: before, event: here("2026-03-04 12:00:00") },
  { id: "a day from Quito to Porto", ruleId, expect: false, mocks: before, event: here("2026-03-05 09:00:00") },
  { id: "said to be travel, and is none", ruleId, expect: true, mocks: before, event: here("2026-03-05 09:00:00") },
  { id: "alone", ruleId, expect: true, mocks: true, event: here("2026-03-04 12:00:00") },
];

let directory = "";
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "vigil-travel-"));
  await mkdir(join(directory, "panther"));
  await writeFile(join(directory, "panther/panther_tests.jsonl"), rows.map((row) => JSON.stringify(row)).join("\n"));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

describe("rows about travel", () => {
  it("are judged by the detector, from the places in the row and in what it says came before", async () => {
    const result = (await runTravel(directory)).find(({ corpus }) => corpus.startsWith("SaaS"));
    expect(result).toMatchObject({ passed: 2, failed: 1, unsupported: 1 });
    expect(result?.failures).toEqual(["said to be travel, and is none: not found"]);
  });
});
