import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { importUsers } from "../../../src/detect/behaviour/import-users.ts";
import { profileSizes, sizeWords } from "../../../src/detect/behaviour/profile-sizes.ts";
import { openBells } from "../../../src/publish/bells.ts";
import { quiet, type TestDatabase, testDatabase } from "../../support/database.ts";
import { clinicHistory, cut, dayMs, logIn, weeks } from "./clinic.ts";
import { organizationWith, processOn, profilesOf } from "./told.ts";

let test: TestDatabase;
const bells = openBells(undefined, quiet);

beforeAll(async () => {
  test = await testDatabase({ poolSize: 12 });
});
afterAll(async () => {
  await bells.close();
  await test.close();
});

const spoil = (id: string, profile: string) =>
  test.db.query(id, "UPDATE entities SET learned = learned::jsonb || $2::jsonb WHERE organization_id = $1", [
    id,
    profile,
  ]);

describe("profiles that are rebuilt", { timeout: 120_000 }, () => {
  it("equal those that were learned live", async () => {
    const id = await organizationWith(test);
    const pipeline = processOn(test.db, bells);
    for (const batch of cut(clinicHistory(41), () => 50)) await pipeline.accept(id, batch);
    const learned = await profilesOf(test.db, id);
    await spoil(id, '{"countries": null, "activity": {}}');
    expect(await profilesOf(test.db, id)).not.toEqual(learned);
    const { events, entities } = await processOn(test.db, bells).rebuildProfiles(id);
    expect(await profilesOf(test.db, id)).toEqual(learned);
    expect(entities).toBe(Object.keys(learned).length);
    expect(events).toBeGreaterThan(300);
    // What is kept of whom is bounded, and told by kind.
    const sizes = await test.db.inOrganization(id, profileSizes);
    expect(sizes.reduce((sum, { profiles }) => sum + profiles, 0)).toBeGreaterThan(9);
    for (const { kind, median, p99, largest } of sizes)
      expect(0 < median && median <= p99 && p99 <= largest && largest < 20_000, kind).toBe(true);
    const users = sizes.find(({ kind }) => kind === "USER");
    expect(users && sizeWords(users)).toMatch(
      /^USER: \d+ profiles of \d+\.\d kB, 99 of 100 within .* kB, the largest .* kB$/,
    );
  });

  it("miss nothing and count nothing twice while another process goes on", async () => {
    const drafts = clinicHistory(42);
    const expected = await organizationWith(test);
    await processOn(test.db, bells).accept(expected, drafts);
    const id = await organizationWith(test);
    const pipeline = processOn(test.db, bells);
    const other = processOn(test.db, bells);
    let rebuilds = 0;
    const rebuilding = (async () => {
      for (; rebuilds < 6; rebuilds++) await other.rebuildProfiles(id);
    })();
    for (const batch of cut(drafts, () => 8)) await pipeline.accept(id, batch);
    await rebuilding;
    expect(await profilesOf(test.db, id)).toEqual(await profilesOf(test.db, expected));
  });

  it("keep what a person confirmed, and entities that no stored event names", async () => {
    const id = await organizationWith(test);
    await processOn(test.db, bells).accept(id, [logIn("ann", weeks)]);
    await spoil(id, '{"known": {"countries": ["NG"]}}');
    await test.db.query(
      id,
      `INSERT INTO entities (organization_id, kind, key, first_seen_at, last_seen_at, profile, department)
       VALUES ($1, 'USER', 'gone', now(), now(), '{"countries": {}}', 'surgery')`,
      [id],
    );
    await processOn(test.db, bells).rebuildProfiles(id);
    const profiles = await profilesOf(test.db, id);
    expect(profiles["USER ann"]).toMatchObject({ profile: { known: { countries: ["NG"] }, countries: { days: 1 } } });
    expect(profiles["USER gone"]).toMatchObject({ profile: {} });
  });

  it("say since when a user is known whom an import named before any event did", async () => {
    const id = await organizationWith(test);
    const pipeline = processOn(test.db, bells);
    const actor = { email: "ann@clinic.example" };
    await pipeline.accept(id, [logIn("", weeks, { actor }), logIn("", weeks + dayMs, { actor })]);
    const ann = { keys: ["ann"], aliases: ["ann@clinic.example"] };
    await test.db.inOrganization(id, (tx) => importUsers(tx, [ann], Date.now()));
    await pipeline.rebuildProfiles(id);
    const seen = { first_seen_at: new Date(weeks), last_seen_at: new Date(weeks + dayMs) };
    expect((await profilesOf(test.db, id))["USER ann"]).toMatchObject(seen);
  });
});
