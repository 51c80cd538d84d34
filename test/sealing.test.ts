import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { importRules } from "../src/detect/store.ts";
import type { EventDraft, SecurityEvent } from "../src/ingest/event.ts";
import { readEventsSince } from "../src/ingest/read.ts";
import { createPipeline } from "../src/pipeline.ts";
import { type Bells, openBells } from "../src/publish/bells.ts";
import { quiet, type TestDatabase, testDatabase } from "./support/database.ts";
import { testVault } from "./support/vault.ts";

let test: TestDatabase;
let ours: string;
let theirs: string;
let bells: Bells;
const start = Date.now();
const open = () => createPipeline({ db: test.db, bells, vault: testVault(test.db), log: quiet, now: Date.now });
const read = (patientId: string, second: number): EventDraft => ({
  time: start + second * 1_000,
  logsource: { product: "clinic" },
  action: "record.read",
  category: "ACCESS",
  outcome: "SUCCESS",
  actor: { name: `nurse-${second}` },
  target: { type: "record", name: "Jane Roe", patientId },
  message: `read ${patientId}`,
  attributes: { note: "Jane" },
});
const snooping = `title: Patient read
name: patient-read
logsource: {product: clinic}
detection:
  selection: {event.action: record.read, target.name: Jane Roe}
  condition: selection
---
title: Many reads of one patient
correlation:
  type: event_count
  rules: [patient-read]
  group-by: [patient.id]
  timespan: 1h
  condition: {gte: 4}
`;

beforeAll(async () => {
  test = await testDatabase();
  [ours, theirs] = test.organizations.map(({ id }) => id) as [string, string];
  for (const id of [ours, theirs]) {
    const rules = { yaml: snooping, mode: "ACTIVE", dryRun: false, actor: "tester", now: start } as const;
    const { rejected } = await test.db.inOrganization(id, (tx) => importRules(tx, rules));
    expect(rejected).toEqual([]);
  }
  bells = openBells(undefined, quiet);
});
afterAll(async () => {
  await bells.close();
  await test.close();
});
const all = async (organizationId: string): Promise<SecurityEvent[]> => {
  const events: SecurityEvent[] = [];
  for await (const page of readEventsSince(test.db, testVault(test.db), organizationId, 0, (id) =>
    expect.fail(`${id} does not open`),
  ))
    events.push(...page);
  return events;
};

describe("C6 events that name a patient", () => {
  it("are matched in clear, stored sealed, and come back as they were, so that windows survive a restart", async () => {
    const first = open();
    for (let second = 0; second < 3; second++) await first.accept(ours, [read("p-4711", second)]);
    await first.drain();
    const rows = await test.asOwner<Record<string, unknown>>("SELECT * FROM realtime_monitoring ORDER BY id");
    expect(rows).toHaveLength(3);
    for (const row of rows) {
      expect(row).toMatchObject({
        patient_id: null,
        target_name: null,
        message: null,
        attributes: {},
        target_type: "record",
      });
      expect(row.sealed_fields).toEqual(["target.name", "target.patientId", "message", "attributes"]);
    }
    expect(await all(ours)).toEqual([0, 1, 2].map((second) => expect.objectContaining(read("p-4711", second))));
    const second = open(); // a restart: the window is rebuilt from sealed rows
    await second.accept(ours, [read("p-4711", 3)]);
    await second.drain();
    const detections = await test.asOwner<{ event_count: number; subjects: { kind: string; key: string }[] }>(
      "SELECT * FROM detections WHERE organization_id = $1",
      [ours],
    );
    expect(detections).toMatchObject([{ event_count: 4, subjects: [{ kind: "PATIENT" }] }]);
    expect(detections[0]?.subjects[0]?.key).toMatch(/^sealed-[0-9a-f]{16}$/);
    const told = await test.asOwner(
      "SELECT i.*, e.message FROM security_incidents i JOIN incident_entries e ON e.incident_id = i.id",
    );
    expect(told).toHaveLength(1);
    expect(JSON.stringify([told, detections])).not.toMatch(/p-4711|jane/i);
  });

  it("C8 have the same blind index for the same patient, and another one in another organization", async () => {
    const pipeline = open();
    await pipeline.accept(theirs, [read("p-4711", 9), read("p-1", 9)]);
    await pipeline.drain();
    const rows = await test.asOwner<{ patient_index: Buffer; organization_id: string }>(
      "SELECT organization_id, patient_index FROM realtime_monitoring ORDER BY id",
    );
    const indexes = (id: string) =>
      rows.filter((row) => row.organization_id === id).map(({ patient_index }) => patient_index.toString("hex"));
    expect(new Set(indexes(ours)).size).toBe(1);
    expect(new Set([...indexes(ours), ...indexes(theirs)]).size).toBe(3);
  });

  it("do not open once their record was moved to another event", async () => {
    await test.asOwner(
      `UPDATE realtime_monitoring SET sealed = (SELECT sealed FROM realtime_monitoring WHERE organization_id = $1 LIMIT 1)
      WHERE organization_id = $1`,
      [theirs],
    );
    const faults: string[] = [];
    const events = [];
    const told = (id: string, fault: Error): void => void faults.push(`${id}: ${fault.message}`);
    for await (const page of readEventsSince(test.db, testVault(test.db), theirs, 0, told)) events.push(...page);
    // One of the two is its own. The other is told and comes without what was sealed, and stops nothing.
    expect(faults).toEqual([expect.stringMatching(/does not open here/)]);
    expect(events.map((event) => event.target?.patientId)).toEqual(["p-4711", undefined]);
  });
});
