/** The gauges, over the real database, with a clock of their own. */
import { v7 as uuidv7 } from "uuid";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createGauges } from "../../src/publish/gauges.ts";
import { type TestDatabase, testDatabase } from "../support/database.ts";

let test: TestDatabase;
let ours: string;
beforeAll(async () => {
  test = await testDatabase();
  ours = test.organizations[0]?.id as string;
});
afterAll(() => test.close());

const idle = { clients: 0, ingestLagMs: 0, waitingEvents: 0, refusedPerSecond: 0 };

it("what was measured before the clock was set back is not shown until the clock has come there again", async () => {
  let clock = Date.now();
  const gauges = createGauges({ db: test.db, now: () => clock, together: async () => idle });
  const before = await gauges.now(ours);
  expect(await gauges.now(ours)).toBe(before); // shared for a moment
  clock -= 3_600_000;
  expect((await gauges.now(ours)).at).toEqual(new Date(clock));
});

it("enforcers that tell of very many refused requests at once do not take the gauges away", async () => {
  const now = Date.now();
  const refused = 999_999_999;
  await test.asOwner(
    `INSERT INTO realtime_monitoring (organization_id, id, time, received_at, action, category, outcome, attributes)
     SELECT $1, id, now(), now(), 'sdk.refused', 'OTHER', 'UNKNOWN', jsonb_build_object('count', $3::text)
     FROM unnest($2::uuid[]) AS id`,
    [ours, [1, 2, 3].map(() => uuidv7({ msecs: now })), String(refused)],
  );
  const gauges = createGauges({ db: test.db, now: () => now, together: async () => idle });
  expect((await gauges.now(ours)).blockedPerSecond).toBe((3 * refused) / 5);
});
