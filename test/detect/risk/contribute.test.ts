import { afterAll, beforeAll, expect, it } from "vitest";
import { contributesTo } from "../../../src/detect/risk/contribute.ts";
import { decayRisks } from "../../../src/detect/risk/refresh.ts";
import { halfLifeMs, riskBySeverity, riskOf, windowMs } from "../../../src/detect/risk.ts";
import { importRules } from "../../../src/detect/store.ts";
import type { EventDraft } from "../../../src/ingest/event.ts";
import { createPipeline, type Pipeline } from "../../../src/pipeline.ts";
import { type Bells, openBells } from "../../../src/publish/bells.ts";
import { raiseBy } from "../../../src/scores.ts";
import { quiet, type TestDatabase, testDatabase } from "../../support/database.ts";
import fc from "../../support/property.ts";
import { testVault } from "../../support/vault.ts";
import { somebodyWaits } from "../../support/waiting.ts";

let test: TestDatabase;
let home: string;
let bells: Bells;
let pipeline: Pipeline;
let now = Date.now();
const minute = 60_000;

const rule = (title: string, action: string, level: string): string =>
  `title: ${title}\nlogsource:\n  product: clinic\ndetection:\n  s:\n    event.action: ${action}\n  condition: s\nlevel: ${level}\n`;

const event = (action: string, user?: string, ip?: string): EventDraft => ({
  time: now,
  logsource: { product: "clinic" },
  action,
  category: "OTHER",
  outcome: "SUCCESS",
  ...(user ? { actor: { name: user } } : {}),
  ...(ip ? { source: { ip } } : {}),
  attributes: {},
});

const send = (...events: EventDraft[]) => pipeline.accept(home, events);
const rows = async (text: string) => (await test.db.query(home, text)).rows;
const decay = (at: number) =>
  decayRisks(
    (work) => test.db.inOrganization(home, work),
    at,
    async (tx, crossings) => void (await raiseBy(tx, crossings, at)),
  );
const riskOfUser = async (key: string): Promise<number> =>
  (await rows(`SELECT risk FROM entities WHERE kind = 'USER' AND key = '${key}'`))[0]?.risk as number;
const contributionsOf = (key: string) =>
  rows(`SELECT * FROM risk_contributions WHERE entity_key = '${key}' ORDER BY at`);

beforeAll(async () => {
  test = await testDatabase();
  home = test.organizations[0]?.id as string;
  await test.db.inOrganization(home, async (tx) => {
    const yaml = [rule("Grave", "grave", "critical"), rule("Bad", "bad", "high"), rule("Odd", "odd", "medium")].join(
      "---\n",
    );
    await importRules(tx, { yaml, mode: "ACTIVE", actor: "tester", dryRun: false, now });
    await importRules(tx, {
      yaml: rule("Shadow", "shadow", "critical"),
      mode: "MONITOR",
      actor: "tester",
      dryRun: false,
      now,
    });
  });
  bells = openBells(undefined, quiet);
  pipeline = createPipeline({ db: test.db, bells, vault: testVault(test.db), log: quiet, now: () => now });
});
afterAll(async () => {
  await pipeline.drain();
  await bells.close();
  await test.close();
});

it("counts a detection for its users, its addresses and the organization, once however long it grows", async () => {
  await send(event("odd", "ann", "203.0.113.5"));
  now += minute;
  await send(event("odd", "ann", "203.0.113.5"));
  const stored = await rows("SELECT entity_kind, entity_key, weight, reason, at FROM risk_contributions ORDER BY 1");
  const common = { weight: 47, reason: "Odd", at: new Date(now) };
  expect(stored).toEqual([
    { entity_kind: "ADDRESS", entity_key: "203.0.113.5", ...common },
    { entity_kind: "ORGANIZATION", entity_key: "", ...common },
    { entity_kind: "USER", entity_key: "ann", ...common },
  ]);
  const expected = riskOf([{ weight: riskBySeverity.MEDIUM, at: now }], now);
  for (const { risk } of await rows("SELECT risk FROM entities WHERE kind <> 'SERVICE'"))
    expect(risk).toBeCloseTo(expected, 3);
});

it("counts what is about no user and no address for the organization alone, and MONITOR for nobody", async () => {
  expect(contributesTo({ mode: "ACTIVE", subjects: [{ kind: "HOST", key: "web1" }] })).toEqual([
    { kind: "ORGANIZATION", key: "" },
  ]);
  expect(contributesTo({ mode: "MONITOR", subjects: [{ kind: "USER", key: "ann" }] })).toEqual([]);
  await send(event("shadow", "mona"));
  expect(await rows("SELECT mode FROM detections WHERE mode = 'MONITOR'")).toHaveLength(1);
  expect(await contributionsOf("mona")).toEqual([]);
});

it("a name too long for a row does not keep a batch from being stored", async () => {
  const long = "x".repeat(3_000);
  expect(await send(event("odd", long, "203.0.113.77"))).toEqual({ accepted: 1, duplicates: 0 });
  expect(await contributionsOf("203.0.113.77")).toHaveLength(1);
});

it("an incident's threat score is that of its detections, in the odds of its subjects' criticality", async () => {
  const score = async (): Promise<number> =>
    (await rows("SELECT threat_score FROM security_incidents WHERE title = 'Grave: ida'"))[0]?.threat_score as number;
  await send(event("grave", "ida"));
  expect(await score()).toBeCloseTo(riskOf([{ weight: 99, at: now }], now), 3);
  await rows("UPDATE entities SET criticality = 2 WHERE kind = 'USER' AND key = 'ida'");
  now += minute;
  await send(event("grave", "ida"));
  expect(await score()).toBeCloseTo(riskOf([{ weight: 99, at: now }], now, 2), 3);
});

it("a threshold that is passed raises the open incidents once, and says which, the score and what it is made of", async () => {
  await rows("UPDATE organizations SET risk_high_at = 25, risk_critical_at = 38");
  await send(event("odd", "bob")); // 18 points
  const incident = async (rule: string) =>
    (await rows(`SELECT id, severity, revision FROM security_incidents WHERE title = '${rule}: bob'`))[0];
  expect(await incident("Odd")).toMatchObject({ severity: "MEDIUM" });
  now += minute;
  await send(event("bad", "bob")); // 34 points with it
  expect(await incident("Odd")).toMatchObject({ severity: "HIGH" });
  const entries = async () =>
    rows(
      `SELECT message FROM incident_entries WHERE kind = 'SEVERITY_RAISED' AND incident_id = '${(await incident("Odd"))?.id}'`,
    );
  expect(await entries()).toEqual([
    {
      message:
        "Severity raised from MEDIUM to HIGH: the threat score of user bob is 34, past the threshold of 25 for HIGH: 28 Bad, 6 Odd.",
    },
  ]);
  const changes = await rows(`SELECT kind FROM changes WHERE entity_id = '${(await incident("Odd"))?.id}' ORDER BY id`);
  expect(changes.map(({ kind }) => kind)).toEqual(["OPENED", "SEVERITY_RAISED"]);
  now += minute;
  await send(event("bad", "bob"), event("odd", "bob")); // still past it: nothing to say
  expect(await entries()).toHaveLength(1);
  now += minute;
  await send(event("grave", "bob"));
  expect((await entries()).map(({ message }) => message.slice(0, 37))).toEqual([
    "Severity raised from MEDIUM to HIGH: ",
    "Severity raised from HIGH to CRITICAL",
  ]);
  await rows("UPDATE organizations SET risk_high_at = 70, risk_critical_at = 90");
});

it("scores that rise together raise their incidents in the order in which all lock them", async () => {
  await send(event("odd", "eve"), event("odd", "eva"));
  const { rows: incidents } = await test.db.query<{ id: string; key: string }>(
    home,
    "SELECT id, subjects -> 0 ->> 'key' AS key FROM security_incidents WHERE title IN ('Odd: eve', 'Odd: eva') ORDER BY fingerprint",
  );
  const crossings = incidents.map(({ key }) => {
    return { kind: "USER", key, risk: 30, criticality: 1, level: "HIGH", threshold: 25 } as const;
  });
  let raised: Promise<unknown> = Promise.resolve();
  await test.db.inOrganization(home, async (tx) => {
    const lock = (at: number) =>
      tx.query("SELECT FROM security_incidents WHERE organization_id = $1 AND id = $2 FOR UPDATE NOWAIT", [
        home,
        incidents[at]?.id,
      ]);
    await lock(0);
    raised = test.db.inOrganization(home, (other) => raiseBy(other, crossings.toReversed(), now));
    await somebodyWaits(test);
    await lock(1);
  });
  expect(await raised).toHaveLength(2);
});

it("decays without events: the hourly sweep halves scores in a week, and forgets them and their level after thirty days", async () => {
  await send(event("bad", "cid"));
  const before = await riskOfUser("cid");
  await decay(now + halfLifeMs);
  expect(await riskOfUser("cid")).toBeCloseTo(before / 2, 3);
  expect(await rows("SELECT key FROM entities WHERE risk_level IS NOT NULL AND key = 'bob'")).toHaveLength(0); // fell
  await decay(now + windowMs);
  expect(await rows("SELECT key FROM entities WHERE risk > 0")).toEqual([]);
});

it("SQL and TypeScript agree on the formula", async () => {
  const contribution = fc.record({
    weight: fc.double({ min: 0, max: 100, noNaN: true }),
    at: fc.integer({ min: now - 2 * windowMs, max: now + halfLifeMs }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(contribution, { maxLength: 30 }), fc.constantFrom(0.5, 1, 1.5, 2), async (all, times) => {
      const { rows: answer } = await test.db.query<{ score: number }>(
        home,
        "SELECT threat_score($1, $2, $3, $4) AS score",
        [all.map(({ weight }) => weight), all.map(({ at }) => new Date(at)), new Date(now), times],
      );
      expect(answer[0]?.score).toBeCloseTo(riskOf(all, now, times), 6);
    }),
    { numRuns: 50 },
  );
});
