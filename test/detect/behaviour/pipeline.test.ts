/** Behaviour rules in the river: the same events give the same findings, profiles and detections, however they come. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openBells } from "../../../src/publish/bells.ts";
import { seededRandom } from "../../generate/random.ts";
import { quiet, type TestDatabase, testDatabase } from "../../support/database.ts";
import { clinicHistory, cut, dayMs, logIn, weeks } from "./clinic.ts";
import { change, detectionsOf, findingsOf, organizationWith, processOn, profilesOf, rules } from "./told.ts";

let test: TestDatabase;
const bells = openBells(undefined, quiet);

beforeAll(async () => {
  test = await testDatabase({ poolSize: 12 });
  // The entry of the sender is the last that a batch writes.
  await test.asOwner(`CREATE FUNCTION trouble() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN IF NEW.actor = 'trouble' THEN RAISE 'trouble'; END IF; RETURN NEW; END $$`);
  await test.asOwner(
    "CREATE TRIGGER trouble BEFORE INSERT ON security_audit_log FOR EACH ROW EXECUTE FUNCTION trouble()",
  );
});
afterAll(async () => {
  await bells.close();
  await test.close();
});

const start = () => processOn(test.db, bells);
const everything = async (id: string) => ({
  findings: await findingsOf(test.db, id),
  detections: await detectionsOf(test.db, id),
  profiles: await profilesOf(test.db, id),
});

/** Sends the events in batches of random sizes, each through one of the processes. */
async function send(id: string, seed: number, drafts: ReturnType<typeof clinicHistory>, processes: () => Process[]) {
  const random = seededRandom(seed);
  for (const batch of cut(drafts, () => Math.floor(random() ** 3 * 60))) {
    const all = processes();
    await (all[Math.floor(random() * all.length)] as Process).accept(id, batch);
  }
}
type Process = ReturnType<typeof processOn>;

describe("behaviour rules", { timeout: 180_000 }, () => {
  it("find, with their reason, what a user never did before, and correlations count them", async () => {
    const id = await organizationWith(test);
    await start().accept(id, clinicHistory(1));
    const found = await detectionsOf(test.db, id);
    expect(found.filter(({ rule }) => rule === "elsewhere")[0]).toMatchObject({
      subjects: [{ kind: "USER", key: "user1" }],
      explanation: "log-in from Lagos, NG: the user is known from US only, and no other user works from there",
    });
    expect(found.filter(({ rule }) => rule === "again")[0]?.explanation).toMatch(/^\d × "Somewhere else" for .*login/);
  });

  it("give the same however the events are cut into batches, and through however many processes they come", async () => {
    const drafts = clinicHistory(2);
    const whole = await organizationWith(test);
    await start().accept(whole, drafts);
    const expected = await everything(whole);
    expect(expected.findings.length).toBeGreaterThan(10);
    expect(new Set(expected.detections.map(({ rule }) => rule))).toEqual(new Set(["again", "elsewhere", "travel"]));

    const alone = await organizationWith(test);
    const one = [start()];
    await send(alone, 21, drafts, () => one);
    expect(await everything(alone)).toEqual(expected);

    const two = [start(), start()];
    const shared = await organizationWith(test);
    await send(shared, 22, drafts, () => two);
    expect(await everything(shared)).toEqual(expected);

    const forgetful = await organizationWith(test); // a process of its own for each batch: every profile comes from its row
    await send(forgetful, 23, drafts.slice(0, 150), () => [start()]);
    const first = await organizationWith(test);
    await start().accept(first, drafts.slice(0, 150));
    expect(await everything(forgetful)).toEqual(await everything(first));
  });

  it("teach once, when a batch fails late and is sent again", async () => {
    const drafts = clinicHistory(3, { users: 3, days: 22 });
    const expected = await organizationWith(test);
    await start().accept(expected, drafts);
    const id = await organizationWith(test);
    const pipeline = start();
    const random = seededRandom(31);
    for (const batch of cut(drafts, () => 20)) {
      if (random() < 0.5)
        await expect(pipeline.accept(id, batch, { sender: "trouble" })).rejects.toThrow("none of them was");
      await pipeline.accept(id, batch);
    }
    expect(await everything(id)).toEqual(await everything(expected));
  });

  it("are found again by a process that has only what is stored", async () => {
    const drafts = clinicHistory(4);
    const expected = await organizationWith(test);
    await start().accept(expected, drafts);
    const id = await organizationWith(test);
    const place = Math.floor(drafts.length * 0.8);
    await start().accept(id, drafts.slice(0, place));
    await start().accept(id, drafts.slice(place)); // its windows are rebuilt from stored findings
    expect(await everything(id)).toEqual(await everything(expected));
  });

  it("keep to their organization", async () => {
    const ours = await organizationWith(test);
    const theirs = await organizationWith(test);
    const pipeline = start();
    await pipeline.accept(ours, clinicHistory(5, { days: 16 }));
    await pipeline.accept(theirs, [logIn("user1", weeks + 17 * dayMs, { isAbroad: true })]);
    expect(await findingsOf(test.db, theirs)).toEqual([]);
    expect(Object.keys(await profilesOf(test.db, theirs)).filter((name) => name.startsWith("USER"))).toEqual([
      "USER user1",
    ]);
    await pipeline.accept(ours, [logIn("user1", weeks + 17 * dayMs, { isAbroad: true })]);
    expect(await findingsOf(test.db, ours)).toHaveLength(1);
  });

  it("follow a change of their parameters from the next event on, and keep what was learned", async () => {
    const id = await organizationWith(test, { yaml: rules.replace("learningDays: 10", "learningDays: 300") });
    const pipeline = start();
    await pipeline.accept(id, clinicHistory(6, { days: 16 }));
    const journey = (hours: number) => [logIn("user2", weeks + 17 * dayMs + hours * 3_600_000, { isAbroad: true })];
    await pipeline.accept(id, journey(1));
    expect(await findingsOf(test.db, id)).toHaveLength(0);
    await change(test, id, rules);
    await pipeline.accept(id, journey(2));
    expect(await findingsOf(test.db, id)).toHaveLength(1);
  });

  it("that are weak only score; two about one user open one incident, which tells both, and a person is asked once", async () => {
    const weak = `
title: New device
name: device
level: medium
behaviour: { detector: new_device, parameters: { peers: 0 } }
---
title: Odd hour
name: hour
level: low
behaviour: { detector: unusual_hour }
`;
    const id = await organizationWith(test, { yaml: weak });
    const pipeline = start();
    const history = clinicHistory(9).map((one) => ({
      ...one,
      source: logIn("", 0).source,
      device: `d-${one.actor?.name}`,
    }));
    await pipeline.accept(id, history as ReturnType<typeof clinicHistory>);
    const at = (hours: number) => weeks + 27 * dayMs + hours * 3_600_000;
    const stranger = { isAbroad: true, device: "d-other" };
    const night = { device: "d-user1" };
    await pipeline.accept(id, [logIn("user1", at(2), stranger), logIn("user2", at(3), stranger)]);
    const told = async () => ({
      incidents: (
        await test.db.query(
          id,
          `SELECT title, severity, detection_count AS detections, (SELECT message FROM incident_entries e
             WHERE e.organization_id = i.organization_id AND e.incident_id = i.id AND kind = 'OPENED') AS message
           FROM security_incidents i WHERE organization_id = $1`,
          [id],
        )
      ).rows,
      alone: (await test.db.query(id, "SELECT FROM detections WHERE weak AND incident_id IS NULL", [])).rows.length,
      scores: (await test.db.query(id, "SELECT key FROM entities WHERE kind = 'USER' AND risk > 0 ORDER BY key", []))
        .rows,
    });
    expect(await told()).toEqual({ incidents: [], alone: 2, scores: [{ key: "user1" }, { key: "user2" }] });
    await pipeline.accept(id, [logIn("user1", at(17), night), logIn("user3", at(17), { device: "d-user3" })]);
    const { incidents, alone } = await told();
    expect(alone).toBe(2);
    expect(incidents).toEqual([
      {
        title: "Odd hour: user1",
        severity: "MEDIUM",
        detections: 2,
        message: expect.stringMatching(/07:00–08:00.*Seen before.*d.*never used/s),
      },
    ]);
    await pipeline.accept(id, [logIn("user1", at(18), { ...stranger, device: "d-third" })]);
    expect((await told()).incidents).toMatchObject([{ detections: 3 }]);
  });

  it("learn while they are disabled, find nothing then, and open no incident in MONITOR", async () => {
    const id = await organizationWith(test, { mode: "DISABLED" });
    const pipeline = start();
    await pipeline.accept(id, clinicHistory(7));
    expect(await findingsOf(test.db, id)).toEqual([]);
    await change(test, id, rules, "MONITOR");
    await pipeline.accept(id, [
      logIn("user9", weeks + 30 * dayMs),
      logIn("user2", weeks + 30 * dayMs, { isAbroad: true }),
    ]);
    expect(await findingsOf(test.db, id)).toHaveLength(1);
    const incidents = "SELECT FROM security_incidents WHERE organization_id = $1";
    expect((await test.db.query(id, incidents, [id])).rows).toEqual([]);
    expect((await detectionsOf(test.db, id)).length).toBeGreaterThan(0);
  });

  it("store their events whatever character stands where a reason cuts a name off", async () => {
    const id = await organizationWith(test);
    const pipeline = start();
    await pipeline.accept(id, clinicHistory(10, { users: 1 }));
    const action = `${"x".repeat(59)}\u{1f600}`; // reasons tell 60 characters of an action
    const journey = logIn("user0", weeks + 30 * dayMs, { isAbroad: true, action, category: "ACCESS" });
    expect(await pipeline.accept(id, [journey])).toEqual({ accepted: 1, duplicates: 0 });
    expect(await findingsOf(test.db, id)).toContainEqual(
      expect.objectContaining({ reasons: [expect.stringMatching(/^x{59}\ufffd from Lagos/)] }),
    );
  });

  it("make no profile of names that were only guessed, and none of patients in clear", async () => {
    const id = await organizationWith(test);
    await start().accept(id, clinicHistory(8));
    const profiles = JSON.stringify(await profilesOf(test.db, id));
    expect(profiles).not.toContain("guess");
    expect(profiles).not.toMatch(/"p\d+"/);
    expect(profiles).toContain("USER user1");
    expect(profiles).toContain("API_KEY key1");
  });
});
